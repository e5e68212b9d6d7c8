import Diagnostics
import Files

/// What a right copy of a file is: every file that can be fetched has both.
struct Expectation: Sendable {
  let size: Int
  let digest: SHA256Digest

  /// - Throws: `unknown-digest` when the entry does not say.
  init(_ file: ModelFile) throws {
    guard case .known(let digest, by: _) = file.digest, let size = file.size else {
      let known =
        if case .prefix(let digits) = file.digest { "only the first digits, \(digits)," } else {
          "nothing"
        }
      throw Fault(
        .unknownDigest,
        "\(known) is known of the SHA-256 digest of \(file.name), so no copy can be told to be right",
        remedy: "write an entry of your own with size and digest of a copy that you trust")
    }
    self.size = size
    self.digest = digest
  }

  func checkSize(_ seen: Int, of path: String) throws {
    guard seen == size else {
      throw Fault(
        .wrongSize, "the file has \(seen) bytes, the zoo's entry says \(size)",
        at: .init(file: path))
    }
  }

  func checkDigest(_ seen: SHA256Digest, of path: String) throws {
    guard seen == digest else {
      throw Fault(
        .wrongDigest,
        "the file's SHA-256 digest is \(seen), the zoo's entry says \(digest)",
        at: .init(file: path), remedy: "it was damaged or exchanged: use another copy")
    }
  }
}

/// What stands under a file's name in the store, looked at from first byte to last.
enum StoredCopy {
  case absent
  case right
  case wrong(Fault)

  /// - Throws: `not-a-regular-file`, `unreadable`.
  init(at path: String, of expectation: Expectation) throws {
    guard let file = try RegularFile(opening: path) else {
      self = .absent
      return
    }
    do {
      try expectation.checkSize(file.byteCount, of: path)
      try expectation.checkDigest(file.digest(), of: path)
      self = .right
    } catch let fault as Fault where [.wrongSize, .wrongDigest].contains(fault.code) {
      self = .wrong(fault)
    }
  }
}
