import Diagnostics
import Glibc

/// An open file that is read anywhere and written at its end. Closes the descriptor that it is given.
package final class RandomAccessFile {
  private let path: String
  private let descriptor: Int32

  package init(path: String, taking descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// - Throws: `unreadable`.
  package func byteCount() throws -> UInt64 {
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else { throw unreadable() }
    return UInt64(end)
  }

  /// The bytes from `offset` on: `count` of them, or all when there are fewer.
  ///
  /// - Throws: `unreadable`.
  package func bytes(at offset: UInt64, count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      while done < count {
        let taken = pread(
          descriptor, buffer.baseAddress! + done, count - done, off_t(offset) + off_t(done))
        if taken < 0, errno == EINTR { continue }
        guard taken >= 0 else { throw unreadable() }
        if taken == 0 { return }
        done += taken
      }
    }
  }

  /// - Throws: `write-failed`.
  package func append(_ bytes: [UInt8]) throws {
    guard lseek(descriptor, 0, SEEK_END) >= 0 else { throw failure() }
    try bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw failure() }
        done += count
      }
    }
  }

  /// - Throws: `write-failed`.
  package func truncate(at byteCount: UInt64) throws {
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw failure() }
  }

  /// Makes durable what was written.
  ///
  /// - Throws: `write-failed`.
  package func synchronize() throws {
    guard fsync(descriptor) == 0 else { throw failure() }
  }

  private func unreadable() -> Fault {
    Fault(.unreadable, systemMessage(), at: .init(file: path))
  }

  private func failure() -> Fault {
    Fault(.writeFailed, "cannot write: \(systemMessage())", at: .init(file: path))
  }
}
