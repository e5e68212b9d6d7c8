import Diagnostics

/// A member's name, as it may stand for a tensor or a part of a checkpoint. None is ever used as a
/// file's name, but the next tool may extract what this one let pass.
enum ZIPName {
  /// The general purpose bit that says that a name is UTF-8.
  private static let isUnicode: UInt16 = 1 << 11

  /// - Throws: `zip-name`, `zip-limit`.
  static func decode(
    _ bytes: [UInt8], flags: UInt16, limits: ZIPArchive.Limits, at offset: Int
  ) throws -> String {
    guard bytes.count <= limits.nameByteCount else {
      throw Fault.zip(
        .zipLimit,
        "a name of \(bytes.count) bytes, more than the \(limits.nameByteCount) allowed", at: offset)
    }
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw Fault.zip(.zipName, "a name is not UTF-8", at: offset)
    }
    func refused(_ reason: String) -> Fault {
      .zip(.zipName, "the name \"\(printable(name))\" \(reason)", at: offset)
    }
    if bytes.isEmpty { throw refused("is empty") }
    if flags & isUnicode == 0, bytes.contains(where: { $0 >= 0x80 }) {
      throw refused("is in an encoding that the archive does not name")
    }
    if bytes.contains(0) { throw refused("contains a NUL") }
    if bytes.contains(UInt8(ascii: "\\")) { throw refused("contains a backslash") }
    if bytes.first == UInt8(ascii: "/") { throw refused("is absolute") }
    // A folder's name ends with a slash.
    var rest = bytes.last == UInt8(ascii: "/") ? bytes.dropLast() : bytes[...]
    while true {
      let part = rest.prefix { $0 != UInt8(ascii: "/") }
      if part.isEmpty { throw refused("has an empty part") }
      if part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) {
        throw refused("leads elsewhere")
      }
      if part.count == rest.count { return name }
      rest = rest.dropFirst(part.count + 1)
    }
  }

  /// A name that is told apart by its bytes: Swift's own strings take "é" and "e" with an accent for
  /// one.
  struct Key: Hashable {
    let name: String

    static func == (left: Key, right: Key) -> Bool {
      left.name.utf8.elementsEqual(right.name.utf8)
    }

    /// Of the bytes as well: a string's own hash is the same for every spelling of one text, and a
    /// hostile archive has them all.
    func hash(into hasher: inout Hasher) {
      for byte in name.utf8 { hasher.combine(byte) }
    }
  }
}
