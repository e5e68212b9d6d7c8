import Diagnostics
import Files
import FoundationEssentials
import Glibc

/// A regular file, opened once: what was checked is what is read, whatever happens to its name.
///
/// Unlike a mapping, reading survives a file that is cut short meanwhile.
final class RegularFile: MirroredFile {
  let place: String
  let byteCount: Int
  private let descriptor: Int32

  private static let pieceSize = 1 << 20
  /// Linux's flag for a descriptor that only names a file, which Swift does not import. Opening
  /// with it neither waits for a pipe's other end nor wakes a device.
  private static let nameOnly: Int32 = 0o10_000_000

  /// - Parameter folder: where the file must lie once every symbolic link is followed.
  /// - Returns: nil when there is no such file.
  /// - Throws: `not-a-regular-file`, `outside-mirror`, `unreadable`.
  init?(opening path: String, within folder: String? = nil) throws {
    let fault = { (code: Fault.Code, reason: String) in Fault(code, reason, at: .init(file: path)) }
    let name = open(path, RegularFile.nameOnly | O_CLOEXEC)
    guard name >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw fault(.unreadable, systemMessage())
    }
    defer { close(name) }
    var status = stat()
    guard fstat(name, &status) == 0 else { throw fault(.unreadable, systemMessage()) }
    if let folder {
      let real = try RegularFile.realPath(ofDescriptor: name)
      guard try RegularFile.realPath(ofFolder: folder).contains(real) else {
        throw fault(.outsideMirror, "the link leads out of the mirror, to \(printable(real))")
      }
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw fault(.notRegularFile, "this is a folder, device or pipe, not a file")
    }
    descriptor = open("/proc/self/fd/\(name)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw fault(.unreadable, systemMessage()) }
    place = path
    byteCount = Int(status.st_size)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func read(_ body: (RawSpan) throws -> Void) throws {
    var remaining = byteCount
    while remaining > 0 {
      let piece = try nextPiece(atMost: min(remaining, RegularFile.pieceSize))
      guard !piece.isEmpty else {
        throw Fault(
          .changedWhileReading,
          "the file was \(byteCount) bytes long and ended \(remaining) bytes early",
          at: .init(file: place), remedy: "try again once nobody writes to it")
      }
      remaining -= piece.count
      try body(piece.span.bytes)
    }
  }

  /// The next bytes, as many as the system gives; none at the end.
  private func nextPiece(atMost count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
      var taken = -1
      repeat {
        taken = Glibc.read(descriptor, buffer.baseAddress, count)
      } while taken < 0 && errno == EINTR
      guard taken >= 0 else {
        throw Fault(.unreadable, "cannot read: \(systemMessage())", at: .init(file: place))
      }
      initialised = taken
    }
  }

  private struct RealFolder {
    let path: String

    func contains(_ other: String) -> Bool {
      let prefix = path == "/" ? path : path + "/"
      return other.utf8.starts(with: prefix.utf8)
    }
  }

  private static func realPath(ofFolder folder: String) throws -> RealFolder {
    let descriptor = open(folder, nameOnly | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw Fault(.unreadable, systemMessage(), at: .init(file: folder))
    }
    defer { close(descriptor) }
    return RealFolder(path: try realPath(ofDescriptor: descriptor))
  }

  /// Where an open file really lies. Asking the system about the open file rather than following
  /// names leaves no moment in which a link could be exchanged.
  private static func realPath(ofDescriptor descriptor: Int32) throws -> String {
    let link = "/proc/self/fd/\(descriptor)"
    do {
      return try FileManager.default.destinationOfSymbolicLink(atPath: link)
    } catch {
      throw Fault(
        .unreadable, "the system does not say where this file lies", at: .init(file: link),
        remedy: "mount /proc")
    }
  }
}

extension RegularFile {
  /// All bytes of a file that should be small.
  ///
  /// - Throws: `over-limit` when it is larger than `limit`.
  func contents(limit: Int) throws -> [UInt8] {
    guard byteCount <= limit else {
      throw Fault(
        .overLimit, "the file has \(byteCount) bytes, more than the \(limit) allowed",
        at: .init(file: place))
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    try read { piece in piece.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    return bytes
  }

  func digest() throws -> SHA256Digest {
    var hasher = SHA256Hasher()
    try read { hasher.update($0) }
    return hasher.finalize()
  }
}
