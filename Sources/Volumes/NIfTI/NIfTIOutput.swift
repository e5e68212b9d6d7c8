import Diagnostics
import Files

/// Writes a NIfTI file, gzipped when the path ends in `.gz`; the same content gives the same bytes.
///
/// The version is that of the file which the geometry came from, so that its transforms come out as
/// they were; extents beyond NIfTI-1's 32767 make it NIfTI-2.
struct NIfTIOutput {
  let path: String
  let replacing: Bool

  /// - Parameter parts: hands the voxels over in the file's order, little-endian.
  /// - Throws: `usage` for any other ending than `.nii` and `.nii.gz`, and the faults of files.
  func write(
    geometry: VolumeGeometry, voxelType: VoxelType, channelCount: Int = 1,
    parts: ((RawSpan) throws -> Void) throws -> Void
  ) throws {
    let name = path.lowercased()
    let isCompressed = name.hasSuffix(".nii.gz")
    guard isCompressed || name.hasSuffix(".nii") else {
      throw Fault(
        .usage, "a volume's file is called .nii or .nii.gz", at: .init(file: path),
        remedy: "choose a name with one of these endings")
    }
    let noExtensions: [UInt8] = [0, 0, 0, 0]
    let fields = HeaderBytes(
      geometry: geometry, voxelType: voxelType, channelCount: channelCount)
    let header = fields.bytes + noExtensions
    let file = try AtomicFile(destination: path, replacing: replacing)
    let emit = { (bytes: RawSpan) in try file.write(bytes) }
    if isCompressed {
      let deflater = try Deflater(.gzip)
      try deflater.append(header.span.bytes, emit: emit)
      try parts { try deflater.append($0, emit: emit) }
      try deflater.finish(emit: emit)
    } else {
      try emit(header.span.bytes)
      try parts(emit)
    }
    try file.commit()
  }
}
