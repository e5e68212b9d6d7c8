import CZlib
import Diagnostics

/// Compresses bytes piece by piece; the same bytes give the same result (zlib leaves gzip's time
/// stamp 0).
///
/// The one owner of zlib's deflating state, which must not move: zlib keeps a pointer to it.
final class Deflater {
  /// What is put around the deflated data; the raw values are zlib's window bits.
  enum Wrapping: Int32 {
    case zlib = 15
    case gzip = 31
  }

  private let state: UnsafeMutablePointer<z_stream>
  private var output = [UInt8](repeating: 0, count: 1 << 18)
  private static let largestStep = 1 << 30

  init(_ wrapping: Wrapping) throws {
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    guard
      inflate_zlib_deflate_init2(state, Z_DEFAULT_COMPRESSION, wrapping.rawValue) == Z_OK
    else {
      state.deallocate()
      throw Fault(.writeFailed, "zlib refuses to start")
    }
  }

  deinit {
    deflateEnd(state)
    state.deallocate()
  }

  /// - Parameter emit: takes compressed bytes as they come.
  func append(_ bytes: RawSpan, emit: (RawSpan) throws -> Void) throws {
    for start in stride(from: 0, to: bytes.byteCount, by: Deflater.largestStep) {
      let end = min(start + Deflater.largestStep, bytes.byteCount)
      try deflate(bytes.extracting(start..<end), flush: Z_NO_FLUSH, emit: emit)
    }
  }

  /// Ends the stream; nothing can be appended after.
  func finish(emit: (RawSpan) throws -> Void) throws {
    try deflate([UInt8]().span.bytes, flush: Z_FINISH, emit: emit)
  }

  private func deflate(
    _ bytes: RawSpan, flush: Int32, emit: (RawSpan) throws -> Void
  ) throws {
    try bytes.withUnsafeBytes { input in
      // zlib declares its input mutable and does not change it.
      state.pointee.next_in = UnsafeMutablePointer(
        mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
      state.pointee.avail_in = UInt32(input.count)
      var status = Z_OK
      repeat {
        try output.withUnsafeMutableBytes { output in
          state.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
          state.pointee.avail_out = UInt32(output.count)
          status = CZlib.deflate(state, flush)
          let count = output.count - Int(state.pointee.avail_out)
          try emit(UnsafeRawBufferPointer(rebasing: output[..<count]).bytes)
        }
        // A full buffer means that there may be more.
      } while state.pointee.avail_out == 0 && status != Z_STREAM_END
    }
  }
}
