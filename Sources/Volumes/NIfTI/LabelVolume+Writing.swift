import Diagnostics
import Files

extension LabelVolume {
  /// The smallest unsigned type that holds every label.
  package var storageType: VoxelType {
    largestLabel <= 0xFF ? .uint8 : largestLabel <= 0xFFFF ? .uint16 : .uint32
  }

  /// Writes a NIfTI-1 file, gzipped when `path` ends in `.gz`; the same labels give the same bytes.
  ///
  /// - Throws: `usage` for any other ending than `.nii` and `.nii.gz`, `invalid-dimensions` for
  ///   extents that NIfTI-1 cannot count, and the faults of files.
  package func write(to path: String, replacing: Bool) throws {
    let name = path.lowercased()
    let isCompressed = name.hasSuffix(".nii.gz")
    guard isCompressed || name.hasSuffix(".nii") else {
      throw Fault(
        .usage, "a volume's file is called .nii or .nii.gz", at: .init(file: path),
        remedy: "choose a name with one of these endings")
    }
    guard max(extents.height, extents.width, extents.depth) <= Int16.max else {
      throw Fault(
        .invalidDimensions, "NIfTI-1 counts to 32767 along an axis, the volume has \(extents)",
        at: .init(file: path))
    }
    let file = try AtomicFile(destination: path, replacing: replacing)
    let emit = { (bytes: RawSpan) in try file.write(bytes) }
    if isCompressed {
      let deflater = try Deflater(.gzip)
      try forEachFilePart { try deflater.append($0, emit: emit) }
      try deflater.finish(emit: emit)
    } else {
      try forEachFilePart(emit)
    }
    try file.commit()
  }

  /// The uncompressed file, piece by piece.
  private func forEachFilePart(_ body: (RawSpan) throws -> Void) throws {
    let type = storageType
    let noExtensions: [UInt8] = [0, 0, 0, 0]
    let header = HeaderBytes(geometry: geometry, voxelType: type).bytes + noExtensions
    try body(header.span.bytes)
    let sliceSize = extents.plane.pixelCount
    for start in stride(from: 0, to: labels.count, by: sliceSize) {
      let slice = labels[start..<start + sliceSize]
      switch type {
      case .uint8:
        let stored = slice.map { UInt8(truncatingIfNeeded: $0) }
        try body(stored.span.bytes)
      case .uint16:
        let stored = slice.map { UInt16(truncatingIfNeeded: $0).littleEndian }
        try body(stored.span.bytes)
      default:
        let stored = slice.map { UInt32(truncatingIfNeeded: $0).littleEndian }
        try body(stored.span.bytes)
      }
    }
  }
}
