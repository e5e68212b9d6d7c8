import Documents
import Testing

@Suite("Reading JSON")
struct JSONParsingTests {
  @Test("bare values are texts of their own")
  func scalars() throws {
    #expect(try JSONValue(parsing: "null") == .null)
    #expect(try JSONValue(parsing: " true\n") == true)
    #expect(try JSONValue(parsing: "\t\r\nfalse ") == false)
    #expect(try JSONValue(parsing: "\"\"") == "")
    #expect(try JSONValue(parsing: "0") == 0)
    #expect(try JSONValue(parsing: "[]") == .array([]))
    #expect(try JSONValue(parsing: " { } ") == .object([JSONValue.Member]()))
  }

  @Test("whole numbers of 64 bits are exact")
  func integers() throws {
    let cases: [(String, Int64)] = [
      ("-1", -1), ("10", 10), ("9007199254740993", 9_007_199_254_740_993),
      ("9223372036854775807", .max), ("-9223372036854775808", .min), ("-0", 0),
    ]
    for (text, value) in cases { #expect(try JSONValue(parsing: text) == .integer(value)) }
  }

  @Test("whole numbers beyond 64 bits become inexact, never another whole number")
  func hugeIntegers() throws {
    let cases: [(String, Double)] = [
      ("9223372036854775808", 0x1p63), ("-9223372036854775809", -0x1p63),
      ("18446744073709551615", 0x1p64), ("18446744073709551616", 0x1p64),
      ("-99999999999999999999", -1e20), ("1000000000000000019884624838656", 1e30),
    ]
    for (text, value) in cases { #expect(try JSONValue(parsing: text) == .number(value)) }
  }

  @Test("fractions and exponents are rounded correctly")
  func numbers() throws {
    let cases: [(String, Double)] = [
      ("0.1", 0.1), ("-0.0", -0.0), ("1.0", 1), ("1E5", 1e5), ("1e-7", 1e-7), ("2.5e+3", 2500),
      ("1.7976931348623157e308", .greatestFiniteMagnitude), ("5e-324", .leastNonzeroMagnitude),
      ("1e-999", 0), ("0e999", 0), ("123456789012345678901234567890.5", 1.2345678901234568e29),
      ("9007199254740993.0", 9_007_199_254_740_992),
    ]
    for (text, value) in cases {
      guard case .number(let number) = try JSONValue(parsing: text) else {
        Issue.record("\(text) is no number")
        continue
      }
      #expect(number.bitPattern == value.bitPattern, "\(text)")
    }
  }

  @Test("every escape stands for its character")
  func escapes() throws {
    let value = try JSONValue(
      parsing: #""\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83e\uDDE0\uFFFF\u007f""#)
    #expect(value == .string("\"\\/\u{8}\u{C}\n\r\tAé€🧠\u{FFFF}\u{7F}"))
  }

  @Test("text that needs no escape is taken byte by byte")
  func plainText() throws {
    for text in ["größe", "e\u{301}", "\u{E9}", "\u{2028}\u{7F}\u{FEFF}", "𝔸/'"] {
      guard case .string(let read) = try JSONValue(parsing: "\"\(text)\"") else {
        Issue.record("no string")
        continue
      }
      #expect(Array(read.utf8) == Array(text.utf8))
    }
  }

  @Test("members keep their order")
  func order() throws {
    let value = try JSONValue(parsing: #"{"b": 1, "a": [2, {"c": null}], "": true}"#)
    #expect(
      value
        == .object([
          .init("b", 1), .init("a", .array([2, .object([.init("c", .null)])])), .init("", true),
        ]))
  }

  @Test("a member is found by the bytes of its name")
  func subscripting() throws {
    let value = try JSONValue(parsing: "{\"K\":1}")
    #expect(value["K"] == 1)
    // The Kelvin sign, which Swift takes for a K.
    #expect(value["\u{212A}"] == nil)
    #expect(JSONValue.array([1])["K"] == nil)
  }

  @Test("a minus counts outside strings only, and is refused only where it is not allowed")
  func minusSigns() throws {
    func isRefused(_ text: String) -> Bool {
      var limits = JSONValue.Limits()
      limits.allowsMinusSigns = false
      return (try? JSONValue(parsing: text, limits: limits)) == nil
    }
    for text in ["-1", "-0", "[1e-3]", #"{"a\\":-1}"#, #"{"a":"\"","b":-0}"#] {
      #expect(isRefused(text), "\(text)")
      _ = try JSONValue(parsing: text)
    }
    for text in ["1", "[1e+3]", #"{"a-b":"-1"}"#, #"["\"-","\\\"-"]"#] {
      #expect(!isRefused(text), "\(text)")
    }
  }
}
