import Diagnostics
import Glibc

/// A file that appears under its name whole or not at all: written beside its destination, synced,
/// then renamed.
///
/// A symbolic link of that name is replaced, and what it leads to stays as it is: caches keep one
/// file under many links, and a file written through one of them would change all.
package final class AtomicFile {
  package let destination: String
  package private(set) var byteCount = 0
  private let replacing: Bool
  private let temporary: String
  private var descriptor: Int32
  private var isFinished = false
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 20

  /// - Parameter replacing: whether an existing file may be replaced.
  /// - Throws: `cannot-create` when the file exists or its folder does not accept one.
  package init(destination: String, replacing: Bool) throws {
    self.destination = destination
    self.replacing = replacing
    let place = Fault.Place(file: destination)
    try AtomicFile.checkDestination(destination, replacing: replacing)
    let folder = destination.deletingLastPathComponent
    let name = destination.lastPathComponent
    let unique = "\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 36))"
    // File systems allow 255 bytes, which the name alone may fill.
    let start = String(decoding: name.utf8.prefix(64), as: UTF8.self)
    temporary = folder.appendingPathComponent(".\(start).\(unique).partial")
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw Fault(
        .cannotCreate, "cannot create a file here: \(systemMessage())", at: place,
        remedy: errno == ENOENT ? "make the folder first" : nil)
    }
    PartialFiles.add(temporary)
  }

  private static func checkDestination(_ destination: String, replacing: Bool) throws {
    let place = Fault.Place(file: destination)
    guard !destination.isEmpty, !destination.hasSuffix("/") else {
      throw Fault(.cannotCreate, "this is no name for a file", at: place)
    }
    var status = stat()
    if stat(destination, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw Fault(.cannotCreate, "there is a folder or device of this name", at: place)
    }
    // A link that leads nowhere is there, too.
    if lstat(destination, &status) == 0, !replacing { throw existing(destination) }
  }

  private static func existing(_ destination: String) -> Fault {
    Fault(
      .cannotCreate, "the file exists already", at: .init(file: destination),
      remedy: "choose another name, or say --force to replace it")
  }

  /// A file that was not committed leaves nothing behind.
  deinit { discard() }

  /// - Throws: `write-failed`, for instance when the disk is full.
  package func write(_ bytes: RawSpan) throws {
    guard !isFinished else {
      throw Fault(.writeFailed, "the file is finished", at: .init(file: destination))
    }
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

  /// Makes the file durable and closes it; nothing can be written any more, and its name it gets
  /// when it is committed.
  ///
  /// - Throws: `write-failed`.
  package func finish() throws {
    guard !isFinished else { return }
    try flush()
    buffer = []
    guard fsync(descriptor) == 0 else { throw failure() }
    let closed = close(descriptor)
    // Whatever it says, the descriptor is gone.
    descriptor = -1
    guard closed == 0 else { throw failure() }
    isFinished = true
  }

  /// Makes the file durable and gives it its name.
  ///
  /// - Throws: `write-failed`; `cannot-create` when a file of that name, which was not to be
  ///   replaced, has appeared meanwhile.
  package func commit() throws {
    try finish()
    try giveName()
    PartialFiles.remove(temporary)
    syncFolder()
  }

  private func giveName() throws {
    if !replacing {
      // Unlike a rename, a link never takes the place of another file.
      if link(temporary, destination) == 0 {
        unlink(temporary)
        return
      }
      guard errno != EEXIST else { throw AtomicFile.existing(destination) }
      // Some file systems have no links.
    }
    guard rename(temporary, destination) == 0 else { throw failure() }
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
        let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw failure() }
        done += count
      }
    }
  }

  /// What the system says of the last call. What is missing from the file now can never be
  /// committed.
  private func failure() -> Fault {
    defer { discard() }
    return Fault(
      .writeFailed, "cannot write: \(systemMessage())", at: .init(file: destination),
      remedy: errno == ENOSPC ? "free some space or write to another disk" : nil)
  }

  /// A rename is durable only once its folder is.
  private func syncFolder() {
    let folder = destination.deletingLastPathComponent
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
