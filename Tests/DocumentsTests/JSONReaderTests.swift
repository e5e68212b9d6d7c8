import Diagnostics
import Documents
import Testing

@Suite("Reading documents")
struct JSONReaderTests {
  private let reader: JSONReader

  init() throws {
    reader = JSONReader(
      try JSONValue(
        parsing: """
          {"name": "a", "count": 3, "share": 0.5, "big": 9223372036854775808, "on": true,
           "none": null, "list": [1, {"x": "y"}], "a/b~c": 1, "~/\u{301}": 2}
          """))
  }

  /// The pointer of the fault that `body` throws.
  private func pointer(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      let fault = error as? Fault
      #expect(fault?.code == .invalidDocument)
      return fault?.place.pointer
    }
  }

  @Test("values of the wanted kind are read")
  func kinds() throws {
    #expect(try reader.member("name").string() == "a")
    #expect(try reader.member("count").integer() == 3)
    #expect(try reader.member("share").number() == 0.5)
    #expect(try reader.member("count").number() == 3)
    #expect(try reader.member("big").number() == 0x1p63)
    #expect(try reader.member("on").boolean())
    #expect(try reader.member("list").elements().count == 2)
    #expect(try reader.members().map(\.name).prefix(2) == ["name", "count"])
  }

  @Test("values of another kind are faults that say where")
  func mismatches() {
    #expect(pointer { _ = try reader.string() } == "")
    #expect(pointer { _ = try reader.member("name").integer() } == "/name")
    #expect(pointer { _ = try reader.member("share").integer() } == "/share")
    #expect(pointer { _ = try reader.member("big").integer() } == "/big")
    #expect(pointer { _ = try reader.member("on").number() } == "/on")
    #expect(pointer { _ = try reader.member("count").boolean() } == "/count")
    #expect(pointer { _ = try reader.member("name").elements() } == "/name")
    #expect(pointer { _ = try reader.member("list").members() } == "/list")
    #expect(pointer { _ = try reader.member("list").elements()[1].member("z") } == "/list/1")
    #expect(
      pointer { _ = try reader.member("list").elements()[1].member("x").integer() } == "/list/1/x")
  }

  @Test("slashes and tildes of names are escaped in pointers, before accents too")
  func escapedPointers() {
    #expect(pointer { _ = try reader.member("a/b~c").string() } == "/a~1b~0c")
    #expect(
      pointer { _ = try reader.member("~/\u{301}").string() }.map { Array($0.utf8) }
        == Array("/~0~1\u{301}".utf8))
  }

  @Test("whole numbers are held to their range")
  func ranges() throws {
    let number = JSONReader(-3)
    #expect(try number.integer(in: -3...0) == -3)
    #expect(pointer { _ = try number.integer() } == "")
    #expect(pointer { _ = try JSONReader(5).integer(in: 1...4) } == "")
    #expect(try JSONReader(.integer(.max)).integer() == .max)
    #expect(try JSONReader(.integer(.min)).integer(in: .min ... .max) == .min)
  }

  @Test("null counts as absent, and absent members are faults only when they are required")
  func absence() throws {
    #expect(try reader.optionalMember("none")?.value == nil)
    #expect(try reader.optionalMember("nothing")?.value == nil)
    #expect(pointer { _ = try reader.member("none") } == "")
    #expect(pointer { _ = try reader.member("list").optionalMember("a") } == "/list")
  }

  @Test("members that nobody knows are refused")
  func unknownMembers() throws {
    let reader = JSONReader(try JSONValue(parsing: #"{"a":{"b":1,"c\n":2}}"#))
    try reader.allowOnly(["a", "z"])
    #expect(pointer { try reader.member("a").allowOnly(["b"]) } == "/a/c\n")
  }

  @Test("a dictionary reads every value, and refuses names that Swift cannot tell apart")
  func dictionaries() throws {
    let numbers = JSONReader(try JSONValue(parsing: #"{"b":1,"a":2}"#))
    #expect(try numbers.dictionary { try $0.integer() } == ["a": 2, "b": 1])
    let twins = JSONReader(try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}"))
    #expect(pointer { _ = try twins.dictionary { try $0.integer() } } != nil)
  }
}
