import Diagnostics
import Foundation

/// A file that appears under its name whole or not at all: written beside its destination, synced,
/// then renamed.
package final class AtomicFile {
  package let destination: String
  package private(set) var byteCount = 0
  private let temporary: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 20

  /// - Parameter replacing: whether an existing file may be replaced.
  /// - Throws: `cannot-create` when the file exists or its folder does not accept one.
  package init(destination: String, replacing: Bool) throws {
    self.destination = destination
    let place = Fault.Place(file: destination)
    var status = stat()
    if stat(destination, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw Fault(.cannotCreate, "there is a folder or device of this name", at: place)
      }
      guard replacing else {
        throw Fault(
          .cannotCreate, "the file exists already", at: place,
          remedy: "choose another name, or say --force to replace it")
      }
    }
    let folder = (destination as NSString).deletingLastPathComponent
    let name = (destination as NSString).lastPathComponent
    let unique = "\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 36))"
    temporary = (folder as NSString).appendingPathComponent(".\(name).\(unique).partial")
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw Fault(
        .cannotCreate, "cannot create a file here: \(systemMessage())", at: place,
        remedy: errno == ENOENT ? "make the folder first" : nil)
    }
    PartialFiles.add(temporary)
  }

  /// A file that was not committed leaves nothing behind.
  deinit { discard() }

  /// - Throws: `write-failed`, for instance when the disk is full.
  package func write(_ bytes: RawSpan) throws {
    byteCount += bytes.byteCount
    if buffer.count + bytes.byteCount <= AtomicFile.bufferSize {
      bytes.withUnsafeBytes { buffer.append(contentsOf: $0) }
      return
    }
    try flush()
    if bytes.byteCount < AtomicFile.bufferSize {
      bytes.withUnsafeBytes { buffer.append(contentsOf: $0) }
    } else {
      try writeThrough(bytes)
    }
  }

  package func write(_ bytes: [UInt8]) throws { try write(bytes.span.bytes) }

  package func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Makes the file durable and gives it its name.
  package func commit() throws {
    try flush()
    guard fsync(descriptor) == 0, close(descriptor) == 0 else { throw failure() }
    descriptor = -1
    guard rename(temporary, destination) == 0 else { throw failure() }
    PartialFiles.remove(temporary)
    syncFolder()
  }

  private func flush() throws {
    guard !buffer.isEmpty else { return }
    let pending = buffer
    buffer.removeAll(keepingCapacity: true)
    try writeThrough(pending.span.bytes)
  }

  private func writeThrough(_ bytes: RawSpan) throws {
    try bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw failure() }
        done += count
      }
    }
  }

  private func failure() -> Fault {
    Fault(
      .writeFailed, "cannot write: \(systemMessage())", at: .init(file: destination),
      remedy: errno == ENOSPC ? "free some space or write to another disk" : nil)
  }

  /// A rename is durable only once its folder is.
  private func syncFolder() {
    let folder = (destination as NSString).deletingLastPathComponent
    let handle = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
    guard handle >= 0 else { return }
    fsync(handle)
    close(handle)
  }

  private func discard() {
    guard descriptor >= 0 || PartialFiles.contains(temporary) else { return }
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    unlink(temporary)
    PartialFiles.remove(temporary)
  }
}
