import Crypto
import Diagnostics

/// A SHA-256 digest: 32 bytes, written as 64 lower-case hexadecimal digits.
package struct SHA256Digest: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  /// - Throws: `invalid-document` when the text is not 64 lower-case hexadecimal digits.
  package init(hexadecimal text: String) throws {
    guard text.utf8.count == 64,
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else {
      throw Fault(
        .invalidDocument,
        "\"\(printable(text))\" is not a SHA-256 digest (64 lower-case hexadecimal digits)")
    }
    description = text
  }

  fileprivate init(_ digest: SHA256.Digest) {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in digest {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    description = String(decoding: text, as: UTF8.self)
  }

  package static func of(_ bytes: RawSpan) -> SHA256Digest {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finalize()
  }

  /// The digest of a whole file, read in pieces.
  package static func ofFile(at path: String) throws -> SHA256Digest {
    let file = try MappedFile(path: path)
    var hasher = SHA256Hasher()
    let piece = 8 << 20
    for start in stride(from: 0, to: file.byteCount, by: piece) {
      let range = start..<min(start + piece, file.byteCount)
      try file.withAllBytes(in: range) { hasher.update($0) }
    }
    return hasher.finalize()
  }
}

/// Computes a digest piece by piece.
package struct SHA256Hasher {
  private var state = SHA256()

  package init() {}

  package mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { state.update(bufferPointer: $0) }
  }

  package consuming func finalize() -> SHA256Digest { SHA256Digest(state.finalize()) }
}
