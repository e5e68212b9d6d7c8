import Diagnostics
import Documents
import Testing

/// The fault that parsing brings up, or nil when the text is accepted.
private func fault(_ bytes: [UInt8], limits: JSONValue.Limits = .init()) -> Fault? {
  do {
    _ = try JSONValue(parsing: bytes, limits: limits)
    return nil
  } catch {
    return error as? Fault
  }
}

private func fault(_ text: String, limits: JSONValue.Limits = .init()) -> Fault? {
  fault(Array(text.utf8), limits: limits)
}

@Suite("Refusing what is not JSON")
struct JSONRefusalTests {
  @Test(
    "texts that lenient parsers accept are refused",
    arguments: [
      // Quotes and comments.
      "'a'", "{'a':1}", "{a:1}", "/*x*/1", "1/*x*/", "//x\n1", "#x\n1", "`a`",
      // Numbers.
      "01", "-01", "00", "-", "+1", ".5", "1.", "-.5", "1.e3", "1e", "1e+", "1e-", "0x10", "1_000",
      "1e1.5", "--1", "1-", "1,5", "NaN", "nan", "-NaN", "Infinity", "-Infinity", "inf", "1e999",
      "-1e999", "１",
      // Words.
      "True", "TRUE", "nul", "nulll", "tru", "truefalse", "None", "undefined",
      // Commas and colons.
      "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\":}",
      "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\"::1}", "{1:2}", "{null:1}", "[1:2]",
      // Brackets.
      "[", "]", "{", "}", "[}", "{]", "[1", "{\"a\":1", "{\"a\"", "[[]", "[]]", "{}}",
      // White space that is none of JSON's.
      "\u{B}1", "\u{C}1", "\u{A0}1", "\u{FEFF}1", "1\u{0}", "\u{0}", "[\u{2028}1]",
      // More than one value.
      "1 2", "{}{}", "[][]", "\"a\"\"b\"", "null,", "1;",
      // Nothing.
      "", " ", "\n\t\r ",
    ])
  func lenientTexts(text: String) {
    #expect(fault(text)?.code == .invalidDocument)
  }

  @Test(
    "strings that JSON does not allow are refused",
    arguments: [
      #"""#, #""a"#, #""a\"#, #""a\""#, #""\x41""#, #""\'""#, #""\0""#, #""\a""#, #""\U0041""#,
      #""\u12""#, #""\u""#, #""\u00g0""#, #""\u 041""#, #""\u+041""#, #""\u-041""#,
      "\"\\\n\"", "\"\\u00\u{FF11}1\"",
    ])
  func badStrings(text: String) {
    #expect(fault(text)?.code == .invalidDocument)
  }

  @Test("raw control characters in strings are refused", arguments: Array(UInt8(0)..<0x20))
  func rawControls(byte: UInt8) {
    #expect(fault([0x22, 0x61, byte, 0x22])?.code == .invalidDocument)
    #expect(fault([0x22, byte])?.place.byteOffset == 1)
  }

  @Test(
    "half a surrogate pair is refused",
    arguments: [
      #""\ud800""#, #""\udbff""#, #""\udc00""#, #""\udfff""#, #""\ud800\ud800""#,
      #""\udc00\ud800""#, #""\ud83dx""#, #""\ud83d\n""#, #""\ud83d\u0041""#, #""\uD83D\\uDE00""#,
      #"{"\ud800":1}"#,
    ])
  func surrogates(text: String) {
    #expect(fault(text)?.code == .invalidDocument)
  }

  @Test(
    "bytes that are not UTF-8 are refused, in strings and outside",
    arguments: [
      [0xFF], [0xFE], [0x80], [0xC3], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0xAF],
      [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82],
    ] as [[UInt8]])
  func invalidUTF8(bytes: [UInt8]) {
    #expect(fault([0x22] + bytes + [0x22])?.code == .invalidDocument)
    #expect(fault(Array("{\"a".utf8) + bytes + Array("\":1}".utf8))?.code == .invalidDocument)
    #expect(fault(bytes + [0x31])?.code == .invalidDocument)
    #expect(fault([0x31] + bytes)?.code == .invalidDocument)
  }

  @Test("an escaped NUL is refused, an escaped backslash before u0000 is not")
  func escapedNUL() throws {
    #expect(fault(#""a\u0000b""#)?.place.byteOffset == 2)
    #expect(fault(#"{"a\u0000":1,"a":2}"#)?.code == .invalidDocument)
    #expect(fault(#""\\\u0000""#)?.code == .invalidDocument)
    #expect(try JSONValue(parsing: #""\\u0000""#) == .string("\\u0000"))
  }

  @Test("a fault says at which byte")
  func offsets() {
    #expect(fault("[1, 2, x]")?.place.byteOffset == 7)
    #expect(fault("[1, 2")?.place.byteOffset == 6 - 1)
    #expect(fault("{\"a\": 1} x")?.place.byteOffset == 9)
    #expect(fault("[1,\n tru]")?.place.byteOffset == 5)
    #expect(fault("{\"a\": 1, \"a\": 2}")?.place.byteOffset == 9)
    #expect(fault("[1e400]")?.place.byteOffset == 1)
  }
}

@Suite("Refusing names given twice")
struct RepeatedNameTests {
  @Test(
    "a name given twice is refused at any depth and in any spelling",
    arguments: [
      #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"a":3}"#, #"{"":1,"":2}"#, #"[{"x":[{"a":1,"a":2}]}]"#,
      #"{"x":{"y":{"a":1,"\u0061":2}}}"#, #"{"\u0061":1,"a":2}"#, #"{"\/":1,"/":2}"#,
      #"{"\n":1,"\u000a":2}"#, #"{"\ud83e\udde0":1,"🧠":2}"#, #"{"a":{"a":1},"a":null}"#,
    ])
  func repeated(text: String) throws {
    let refusal = try #require(fault(text))
    #expect(refusal.code == .invalidDocument)
    #expect(refusal.reason.contains("given twice"))
  }

  @Test("a name given twice among thousands is refused")
  func many() {
    let members = (0..<5000).map { "\"name\($0)\":\($0)" }
    #expect(fault("{" + members.joined(separator: ",") + "}") == nil)
    for index in [0, 7, 8, 9, 4999] {
      let text = "{" + members.joined(separator: ",") + ",\"name\(index)\":0}"
      #expect(fault(text)?.reason.contains("name\(index)") == true)
    }
  }

  @Test("one name in different objects, or in a value, is no repetition")
  func notRepeated() {
    for text in [
      #"[{"a":1},{"a":2}]"#, #"{"a":{"a":{"a":1}}}"#, #"{"a":"a","b":"a"}"#,
      #"{"a":1,"a ":2,"A":3,"":4}"#, #"{"a":"\"a\":1,\"a\":2"}"#,
    ] {
      #expect(fault(text) == nil)
    }
  }

  @Test("names that look alike but differ in their bytes are different names")
  func canonicallyEquivalent() throws {
    let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
  }
}

@Suite("Keeping JSON within limits")
struct JSONLimitTests {
  @Test("nesting is limited, whatever is nested")
  func depth() {
    let limits = JSONValue.Limits(depth: 5)
    let lists = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
    let objects = {
      String(repeating: "{\"a\":", count: $0) + "1" + String(repeating: "}", count: $0)
    }
    for nest in [lists, objects] {
      #expect(fault(nest(5), limits: limits) == nil)
      #expect(fault(nest(6), limits: limits)?.code == .overLimit)
    }
    #expect(fault("[[[[[]]]],[[[[]]]],[[[[]]]]]", limits: limits) == nil)
    #expect(fault("1", limits: .init(depth: 0)) == nil)
  }

  @Test("a million brackets are refused before they cost anything")
  func depthBomb() {
    #expect(fault(String(repeating: "[", count: 1 << 20))?.code == .overLimit)
    #expect(fault(String(repeating: "{\"a\":[", count: 1 << 20))?.code == .overLimit)
  }

  @Test("texts beyond the allowed bytes are not looked at")
  func bytes() {
    #expect(fault("[1,2]", limits: .init(bytes: 5)) == nil)
    #expect(fault("[1,2]", limits: .init(bytes: 4))?.code == .overLimit)
    #expect(fault("xxxxx", limits: .init(bytes: 4))?.code == .overLimit)
  }

  @Test("values are counted, empty ones too")
  func values() {
    #expect(fault("[1,{},[],\"\"]", limits: .init(values: 5)) == nil)
    #expect(fault("[1,{},[],\"\"]", limits: .init(values: 4))?.code == .overLimit)
    #expect(fault("{\"a\":1,\"b\":2}", limits: .init(values: 2))?.code == .overLimit)
    let bomb = "[" + String(repeating: "{},", count: 1 << 20) + "{}]"
    #expect(fault(bomb)?.code == .overLimit)
  }
}
