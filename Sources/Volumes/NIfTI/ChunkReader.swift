import Diagnostics

/// Takes a NIfTI file's parts off a stream: the header, the gap after it, the voxels in chunks.
struct ChunkReader {
  private let stream: any ByteStream
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)
  private var position = 0

  init(_ stream: any ByteStream) { self.stream = stream }

  /// The header's bytes, as many as its first four announce.
  ///
  /// - Throws: `not-nifti` when the file is shorter or begins otherwise.
  mutating func header() throws -> [UInt8] {
    let shortest = HeaderLayout.nifti1.byteCount
    var bytes = try take(shortest)
    if bytes.count == shortest, case (let layout, _) = try NIfTIHeader.layout(of: bytes) {
      bytes += try take(layout.byteCount - shortest)
    }
    guard bytes.count >= shortest else {
      throw Fault(
        .notNIfTI, "the file is \(bytes.count) bytes long, a NIfTI header alone \(shortest)",
        remedy: "give a .nii or .nii.gz file")
    }
    return bytes
  }

  /// Passes over header extensions up to the voxels.
  ///
  /// - Throws: `invalid-voxel-offset` when the file ends before.
  mutating func skip(to header: NIfTIHeader) throws {
    let offset = header.voxelOffset
    while position < offset {
      guard try fill(min(offset - position, buffer.count)) > 0 else {
        throw Fault(
          .invalidVoxelOffset, "vox_offset is \(offset), the file ends at byte \(position)",
          at: .init(byteOffset: UInt64(HeaderLayout.of(header.version).voxelOffset)))
      }
    }
  }

  /// Hands over `byteCount` bytes in chunks that hold whole voxels.
  ///
  /// - Throws: `truncated-volume` when the file ends before.
  mutating func forEachChunk(of byteCount: Int, _ body: (RawSpan) throws -> Void) throws {
    var remaining = byteCount
    while remaining > 0 {
      let wanted = min(remaining, buffer.count)
      let count = try fill(wanted)
      guard count == wanted else {
        throw Fault(
          .truncatedVolume, "the file ends \(remaining - count) bytes before its last voxel",
          at: .init(byteOffset: UInt64(position)), remedy: "copy or download the file again")
      }
      try body(buffer.span.bytes.extracting(0..<count))
      remaining -= count
    }
  }

  private mutating func take(_ count: Int) throws -> [UInt8] { Array(buffer[..<(try fill(count))]) }

  /// - Parameter count: at most the buffer's size.
  private mutating func fill(_ count: Int) throws -> Int {
    let stream = stream
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    let filled = try stream.read(count, into: &bytes)
    position += filled
    return filled
  }
}
