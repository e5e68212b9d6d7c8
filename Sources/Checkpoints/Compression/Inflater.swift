import CZlib
import Diagnostics

/// Inflates deflated data into as much memory as the caller says, and never a byte more.
///
/// The one owner of zlib's inflating state, which must not move: zlib keeps a pointer to it.
struct Inflater: ~Copyable {
  /// What stands around the deflated data; the raw values are zlib's window bits.
  enum Wrapping: Int32 {
    /// As in a ZIP archive.
    case none = -15
    /// As in an HDF5 chunk.
    case zlib = 15
  }

  /// Why inflating stopped.
  enum Ending: Equatable {
    case endOfStream
    /// The memory is full and the stream goes on.
    case moreOutput
    /// The input is used up and the stream goes on.
    case moreInput
    case damaged(String)
  }

  struct Result {
    let bytes: [UInt8]
    let ending: Ending
    /// How many bytes of the input were looked at.
    let consumed: Int
  }

  private let state: UnsafeMutablePointer<z_stream>
  /// zlib counts in 32 bits.
  private static let largestStep = 1 << 30
  /// Deflate never does better than 1032 to one (zlib's technical notes).
  static let largestRatio = 1032

  /// - Throws: `over-limit` when zlib finds no memory.
  init(_ wrapping: Wrapping) throws {
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    guard inflate_zlib_inflate_init2(state, wrapping.rawValue) == Z_OK else {
      state.deallocate()
      throw Fault(.overLimit, "zlib refuses to start")
    }
  }

  deinit {
    inflateEnd(state)
    state.deallocate()
  }

  /// The first `limit` bytes, or fewer when the stream ends before.
  static func inflate(
    _ input: RawSpan, _ wrapping: Wrapping, limit: Int
  ) throws -> Result {
    var inflater = try Inflater(wrapping)
    var ending = Ending.moreOutput
    var consumed = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initializedCount in
      let output = UnsafeMutableRawBufferPointer(buffer)
      initializedCount = inflater.run(input, into: output, &consumed, &ending)
    }
    if ending == .moreOutput {
      // The stream's end may stand right behind the last byte: one byte of room tells.
      withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { spare in
        if inflater.run(input, into: spare, &consumed, &ending) > 0 { ending = .moreOutput }
      }
    }
    return Result(bytes: bytes, ending: ending, consumed: consumed)
  }

  /// Goes on until one of the two is used up; returns how many bytes came out.
  private mutating func run(
    _ input: RawSpan, into output: UnsafeMutableRawBufferPointer, _ consumed: inout Int,
    _ ending: inout Ending
  ) -> Int {
    input.withUnsafeBytes { input in
      var produced = 0
      ending = .moreOutput
      while produced < output.count {
        let available = min(input.count - consumed, Inflater.largestStep)
        let room = min(output.count - produced, Inflater.largestStep)
        // zlib declares its input mutable and does not change it.
        state.pointee.next_in = UnsafeMutablePointer(
          mutating: input.baseAddress?.advanced(by: consumed).assumingMemoryBound(to: UInt8.self))
        state.pointee.avail_in = UInt32(available)
        state.pointee.next_out = output.baseAddress?.advanced(by: produced)
          .assumingMemoryBound(to: UInt8.self)
        state.pointee.avail_out = UInt32(room)
        let status = CZlib.inflate(state, Z_NO_FLUSH)
        consumed += available - Int(state.pointee.avail_in)
        produced += room - Int(state.pointee.avail_out)
        switch status {
        case Z_OK: continue
        case Z_STREAM_END: ending = .endOfStream
        case Z_BUF_ERROR: ending = .moreInput
        default: ending = .damaged(state.pointee.msg.map { String(cString: $0) } ?? "")
        }
        break
      }
      return produced
    }
  }
}

/// The CRC-32 that ZIP keeps.
func checksum(of bytes: RawSpan) -> UInt32 {
  bytes.withUnsafeBytes { bytes in
    // zlib takes a null start for a request of the initial value, which is that of no bytes.
    UInt32(crc32_z(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count))
  }
}
