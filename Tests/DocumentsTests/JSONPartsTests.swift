import Diagnostics
import Documents
import Testing

@Suite("Reading a document part by part")
struct JSONPartsTests {
  /// Parses all of `text` with `body`, and says how that ended.
  private func outcome(
    of text: String, limits: JSONValue.Limits = .init(), progress: JSONParser.Progress? = nil,
    _ body: (inout JSONParser, RawSpan) throws -> Void
  ) throws -> Fault? {
    let bytes = Array(text.utf8)
    let span = bytes.span.bytes
    do {
      var parser = try JSONParser(span, limits: limits, progress: progress)
      try body(&parser, span)
      try parser.end(in: span)
      return nil
    } catch {
      return try #require(error as? Fault)
    }
  }

  @Test("members come in their order, a name as often as it stands there")
  func members() throws {
    var found: [String] = []
    let fault = try outcome(of: #" {"a":1,"b":[2, 3],"\u0061":{"c":"d"} } "#) { parser, text in
      try parser.object(in: text) { parser, name, start in
        found.append("\(name)@\(start)")
        switch name {
        case "b": try parser.array(in: text) { found.append("\(try $0.count(in: text))") }
        default: try parser.skipValue(in: text)
        }
      }
    }
    #expect(fault == nil)
    #expect(found == ["a@2", "b@8", "2", "3", "a@19"])
  }

  @Test("a value of another kind is a fault that says where")
  func otherKinds() throws {
    let texts = [#"  "a""#, "  1", "  [1]", "  {}", "  null"]
    let readers: [@Sendable (inout JSONParser, RawSpan) throws -> Void] = [
      { _ = try $0.text(in: $1) }, { _ = try $0.count(in: $1) },
      { parser, text in try parser.array(in: text) { try $0.skipValue(in: text) } },
      { parser, text in try parser.object(in: text) { parser, _, _ in _ = parser } },
      { parser, text in if !(try parser.skipNull(in: text)) { _ = try parser.text(in: text) } },
    ]
    for (kind, read) in readers.enumerated() {
      for (index, text) in texts.enumerated() {
        let isRead = index == kind || kind == 4 && index == 0
        let fault = try outcome(of: text, read)
        #expect((fault == nil) == isRead, "\(text): \(String(describing: fault))")
        #expect(fault == nil || fault?.code == .invalidDocument)
        #expect(fault == nil || fault?.place.byteOffset == 2)
      }
    }
  }

  @Test(
    "a count is a whole number that is not negative",
    arguments: ["-1", "-0", "1.0", "1e2", "9223372036854775808", "01", "+1", "1a", ""])
  func counts(text: String) throws {
    #expect(try outcome(of: text) { _ = try $0.count(in: $1) } != nil)
    for (text, value) in [("0", 0), ("12", 12), ("9223372036854775807", Int.max)] {
      var count: Int?
      #expect(try outcome(of: text) { count = try $0.count(in: $1) } == nil)
      #expect(count == value)
    }
  }

  @Test(
    "what is skipped has to be sound",
    arguments: ["[1,]", #"{"a"}"#, "tru", "[[[[", "1 2", "\"\\x\"", "[\"\u{1}\"]", "1e999"])
  func skipping(text: String) throws {
    #expect(try outcome(of: text) { try $0.skipValue(in: $1) }?.code == .invalidDocument)
    let sound = #"[1,{"a":"b","a":[]},true,false,null,-1e-3,"\n"]"#
    #expect(try outcome(of: sound) { try $0.skipValue(in: $1) } == nil)
  }

  @Test("depth and the length of strings are bounded")
  func limits() throws {
    var limits = JSONValue.Limits(depth: 3)
    limits.stringBytes = 8
    for (text, isRefused) in [
      ("[[[]]]", false), ("[[[[]]]]", true), (#""1234567""#, false), (#""12345678""#, true),
      (#""\u0031\n""#, true),
    ] {
      let fault = try outcome(of: text, limits: limits) { try $0.skipValue(in: $1) }
      #expect(fault?.code == (isRefused ? .overLimit : nil), "\(text)")
    }
  }

  @Test("progress is reported in steps, through white space too")
  func progress() throws {
    final class Offsets { var seen: [Int] = [] }
    let offsets = Offsets()
    let text = "[" + String(repeating: " ", count: 100) + "1,\"" + String(repeating: "a", count: 99)
    let progress = JSONParser.Progress(every: 30) { offsets.seen.append($0) }
    let fault = try outcome(of: text + "\", 2]", progress: progress) { try $0.skipValue(in: $1) }
    #expect(fault == nil)
    #expect(offsets.seen == [30, 60, 90, 204])
  }
}
