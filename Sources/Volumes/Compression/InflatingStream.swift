import CZlib
import Diagnostics
import Files

/// The content of a gzip file (of one or more members), decompressed from the mapping straight into
/// the reader's memory.
///
/// The one owner of zlib's inflating state, which must not move: zlib keeps a pointer to it.
final class InflatingStream: ByteStream {
  private let file: MappedFile
  private let state: UnsafeMutablePointer<z_stream>
  private var position = 0
  private var atEnd = false

  /// zlib counts in 32 bits.
  private static let largestStep = 1 << 30
  /// Deflate's best ratio is 1032 : 1 (zlib's technical notes), a gzip header aside.
  private static let largestRatio = 1032

  init(_ file: MappedFile) throws {
    self.file = file
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    // 15 is the largest window; 32 more lets zlib tell gzip and zlib streams apart.
    guard inflate_zlib_inflate_init2(state, 15 + 32) == Z_OK else {
      state.deallocate()
      throw Fault(.unreadable, "zlib refuses to start", at: .init(file: file.path))
    }
  }

  deinit {
    inflateEnd(state)
    state.deallocate()
  }

  var largestByteCount: Int {
    let product = file.byteCount.multipliedReportingOverflow(by: InflatingStream.largestRatio)
    return product.overflow ? Int.max : product.partialValue
  }

  func read(_ count: Int, into destination: inout MutableRawSpan) throws -> Int {
    try destination.withUnsafeMutableBytes { output in
      let wanted = min(count, output.count)
      var done = 0
      while done < wanted, !atEnd {
        done += try inflateOnce(
          into: UnsafeMutableRawBufferPointer(rebasing: output[done..<wanted]))
      }
      return done
    }
  }

  /// Reads on to the gzip trailer, so that its checksum is compared.
  ///
  /// - Throws: `oversized-volume` when more than `limit` bytes follow.
  func finish(limit: Int) throws {
    var scratch = [UInt8](repeating: 0, count: 1 << 16)
    var extra = 0
    while !atEnd {
      var span = scratch.mutableSpan
      var bytes = span.mutableBytes
      extra += try read(bytes.byteCount, into: &bytes)
      guard extra <= limit else {
        throw Fault(
          .oversizedVolume, "the file goes on for more than \(limit) bytes after the last voxel",
          at: .init(byteOffset: UInt64(position)),
          remedy: "its header's dim is likely wrong: write the file again")
      }
    }
  }

  private func inflateOnce(into output: UnsafeMutableRawBufferPointer) throws -> Int {
    let end = min(position + InflatingStream.largestStep, file.byteCount)
    return try file.withBytes(in: position..<end) { input in
      try input.withUnsafeBytes { input in
        // zlib declares its input mutable and does not change it.
        state.pointee.next_in = UnsafeMutablePointer(
          mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        state.pointee.avail_in = UInt32(input.count)
        let room = min(output.count, InflatingStream.largestStep)
        state.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        state.pointee.avail_out = UInt32(room)
        let status = inflate(state, Z_NO_FLUSH)
        position += input.count - Int(state.pointee.avail_in)
        try check(status)
        return room - Int(state.pointee.avail_out)
      }
    }
  }

  private func check(_ status: Int32) throws {
    let place = Fault.Place(byteOffset: UInt64(position))
    switch status {
    case Z_OK: return
    case Z_STREAM_END: try startNextMember()
    case Z_BUF_ERROR:
      throw Fault(
        .truncatedVolume, "the compressed data break off", at: place,
        remedy: "copy or download the file again")
    case Z_MEM_ERROR: throw Fault(.overLimit, "zlib finds no memory", at: place)
    default:
      let detail = state.pointee.msg.map { ": \(String(cString: $0))" } ?? ""
      throw Fault(
        .corruptGzip, "the compressed data are damaged\(detail)", at: place,
        remedy: "copy or download the file again")
    }
  }

  /// A gzip file may be several, one after the other; anything else that follows is padding.
  private func startNextMember() throws {
    let follows =
      try position + 2 <= file.byteCount
      && file.withBytes(in: position..<position + 2) { bytes in
        bytes.withUnsafeBytes { $0[0] == 0x1F && $0[1] == 0x8B }
      }
    if follows {
      inflateReset(state)
    } else {
      atEnd = true
    }
  }
}
