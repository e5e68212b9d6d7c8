import Diagnostics
import Testing

@Suite("Showing untrusted names")
struct PrintableTests {
  @Test("ordinary names of any script stay as they are")
  func harmless() {
    for name in ["", "blocks.0.attn.qkv.weight", "größe/深さ", "e\u{301}", "🧠", "a b\\c\"d'"] {
      #expect(Array(printable(name).utf8) == Array(name.utf8))
    }
  }

  @Test("every control character is spelled out", arguments: Array(0..<0x20) + Array(0x7F..<0xA0))
  func controls(value: Int) throws {
    let scalar = try #require(UnicodeScalar(UInt32(value)))
    #expect(printable("a\(Character(scalar))b") == "a\\u{\(String(value, radix: 16))}b")
  }

  @Test(
    "what turns or hides text is spelled out",
    arguments: [
      "\u{61C}", "\u{200B}", "\u{200E}", "\u{200F}", "\u{202A}", "\u{202B}", "\u{202C}",
      "\u{202D}", "\u{202E}", "\u{2028}", "\u{2029}", "\u{2060}", "\u{2066}", "\u{2067}",
      "\u{2068}", "\u{2069}", "\u{AD}", "\u{FEFF}", "\u{E0041}",
    ])
  func formatting(character: String) throws {
    let value = try #require(character.unicodeScalars.first).value
    #expect(printable(character) == "\\u{\(String(value, radix: 16))}")
  }

  @Test("a line break made of two characters is spelled out as two")
  func lineBreaks() {
    #expect(printable("a\r\nb") == #"a\u{d}\u{a}b"#)
  }

  @Test("long names are cut and say so")
  func longNames() {
    #expect(printable("abc", limit: 3) == "abc")
    #expect(printable("abcd", limit: 3) == "abc…")
    #expect(printable("abcd", limit: 0) == "…")
    #expect(printable("", limit: 0) == "")
    #expect(printable(String(repeating: "x", count: 1 << 20)).count == 201)
  }

  @Test("accents piled on one letter are cut like any other text")
  func piledAccents() {
    let pile = "e" + String(repeating: "\u{301}", count: 1 << 16)
    #expect(printable(pile).unicodeScalars.count == 201)
  }
}
