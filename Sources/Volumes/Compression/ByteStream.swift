import Diagnostics
import Files

/// A volume file's bytes from front to back, decompressed where the file is compressed.
protocol ByteStream: AnyObject {
  /// The most bytes that the whole stream can hold, known before reading any.
  var largestByteCount: Int { get }

  /// Puts the next `count` bytes at the front of `destination`.
  ///
  /// - Returns: how many there were; fewer than `count` mean the end of the stream.
  func read(_ count: Int, into destination: inout MutableRawSpan) throws -> Int

  /// Checks what the stream knows about its own integrity, once all that is needed has been read.
  ///
  /// - Parameter limit: how many further bytes may follow.
  func finish(limit: Int) throws
}

/// The stream of a file, compressed or plain by its content, whatever its name.
func openByteStream(_ file: MappedFile) throws -> any ByteStream {
  let isGzip =
    try file.byteCount >= 2
    && file.withBytes(in: 0..<2) { bytes in
      bytes.withUnsafeBytes { $0[0] == 0x1F && $0[1] == 0x8B }
    }
  return isGzip ? try InflatingStream(file) : PlainStream(file)
}

/// A file as it is.
final class PlainStream: ByteStream {
  private let file: MappedFile
  private var position = 0

  init(_ file: MappedFile) { self.file = file }

  var largestByteCount: Int { file.byteCount }

  func read(_ count: Int, into destination: inout MutableRawSpan) throws -> Int {
    let count = min(count, destination.byteCount, file.byteCount - position)
    try file.withBytes(in: position..<position + count) { source in
      source.withUnsafeBytes { source in
        destination.withUnsafeMutableBytes { $0.copyMemory(from: source) }
      }
    }
    position += count
    return count
  }

  /// What follows the voxels of a plain file is nobody's business.
  func finish(limit: Int) {}
}
