import Diagnostics
import Files
import Testing

@Suite("SHA-256")
struct SHA256Tests {
  /// From FIPS 180-2 and NIST's example values.
  @Test(
    "published digests come out",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ])
  func knownAnswers(text: String, digest: String) throws {
    #expect(SHA256Digest.of(Array(text.utf8).span.bytes).description == digest)
  }

  @Test("a file's digest is that of its bytes, across pieces")
  func files() throws {
    let sandbox = try Sandbox()
    for size in [0, 1, 8 << 20, (8 << 20) + 1, 20_000_000] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
      try sandbox.write(bytes, to: "file")
      let ofFile = try SHA256Digest.ofFile(at: sandbox("file"))
      #expect(ofFile == SHA256Digest.of(bytes.span.bytes))
    }
    #expect(throws: Fault.self) { try SHA256Digest.ofFile(at: sandbox("missing")) }
  }

  @Test("pieces of any size make one digest")
  func pieces() {
    let bytes = [UInt8](0...255)
    var hasher = SHA256Hasher()
    for piece in [0..<0, 0..<1, 1..<64, 64..<130, 130..<256] {
      hasher.update(Array(bytes[piece]).span.bytes)
    }
    #expect(hasher.finalize() == SHA256Digest.of(bytes.span.bytes))
  }

  @Test("64 lower-case hexadecimal digits are a digest, and nothing else is")
  func spelling() throws {
    let digits = String(repeating: "0123456789abcdef", count: 4)
    #expect(try SHA256Digest(hexadecimal: digits).description == digits)
    for text in [
      "", String(digits.dropLast()), digits + "0", digits.uppercased(), " " + digits.dropLast(),
      "g" + digits.dropLast(), String(repeating: "é", count: 32), "０" + digits.dropLast(3),
    ] {
      #expect(fault { _ = try SHA256Digest(hexadecimal: text) }?.code == .invalidDocument)
    }
  }
}
