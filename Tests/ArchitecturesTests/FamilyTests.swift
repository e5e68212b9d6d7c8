import Diagnostics
import Documents
import Testing

@testable import Architectures

enum Families {
  static func parsed(_ text: String) throws -> Family {
    try Family(JSONReader(JSONValue(parsing: text)))
  }
}

@Suite("Family descriptions")
struct FamilyTests {
  private static func text(
    tensors: String = #"{"name": "w", "role": "w", "shape": ["n"]}"#, more: String = ""
  ) -> String {
    """
    {"formatVersion": 1, "id": "a", "title": "A", "dimensions": 2, "tensors": [\(tensors)]\(more)}
    """
  }

  private static let faults: [(text: String, pointer: String)] = [
    (text(more: #", "formatversion": 1"#), "/formatversion"),
    (text(more: #", "drops": [{"name": "x", "rule": "because"}]"#), "/drops/0/rule"),
    (text(more: #", "drops": [{"name": "{", "rule": "final-norm"}]"#), "/drops/0"),
    (text(more: #", "drops": [{"name": "w", "rule": "final-norm"}]"#), "/drops/0"),
    (text(more: #", "prefixes": []"#), "/prefixes"),
    (text(more: #", "prefixes": [1]"#), "/prefixes/0"),
    (text(more: #", "components": [{"family": "b"}]"#), "/components/0"),
    (text(more: #", "components": [{"family": "b", "prefixes": []}]"#), "/components/0/prefixes"),
    (text(more: #", "assumptions": [{"symbol": "2", "value": "1"}]"#), "/assumptions/0/symbol"),
    (text(more: #", "assumptions": [{"symbol": "a", "value": "("}]"#), "/assumptions/0"),
    (text(more: #", "constants": {"e": 1e300}"#), "/constants/e"),
    (text(more: #", "decoderLayers": {"4": [4]}"#), "/decoderLayers/4/0"),
    (text(more: #", "decoderLayers": {"+4": [0]}"#), "/decoderLayers/+4"),
    (text(tensors: ""), "/tensors"),
    (text(tensors: #"{"name": "w", "role": "w"}"#), "/tensors/0"),
    (text(tensors: #"{"name": "w", "role": "w", "shape": ["n+"]}"#), "/tensors/0"),
    (text(tensors: #"{"name": "w", "role": "w", "shape": [1]}"#), "/tensors/0/shape/0"),
    (
      text(tensors: #"{"name": "w", "role": "w", "shape": [], "neutral": "twos"}"#),
      "/tensors/0/neutral"
    ),
    (
      text(tensors: #"{"name": "w", "role": "w", "shape": [], "optional": null}"#),
      "/tensors/0/optional"
    ),
    (text(tensors: #"{"name": "b.{i<n}", "role": "b", "shape": []}"#), "/tensors/0"),
    (
      text(
        tensors:
          #"{"name": "v", "role": "v", "shape": []}, {"name": "v", "role": "w", "shape": []}"#
      ), "/tensors/1"
    ),
    (
      text(
        tensors:
          #"{"name": "v", "role": "w", "shape": []}, {"name": "w", "role": "w", "shape": []}"#
      ), "/tensors/1"
    ),
  ]

  @Test("are refused with a pointer to what is wrong", arguments: faults)
  func refused(text: String, pointer: String) throws {
    let fault = try #require(throws: Fault.self) { try Families.parsed(text) }
    #expect([Fault.Code.invalidDocument, .invalidFamily].contains(fault.code))
    #expect(fault.place.pointer == pointer)
  }

  @Test("give constants, and decoder layers by depth")
  func values() throws {
    let family = try Families.parsed(
      Self.text(more: #", "constants": {"e": 0.5}, "decoderLayers": {"12": [3, 5, 7, 11]}"#))
    #expect(family.constant("e") == 0.5)
    #expect(family.constant("f") == nil)
    #expect(family.decoderLayers(depth: 12) == [3, 5, 7, 11])
    #expect(family.decoderLayers(depth: 13) == nil)
    #expect(family.prefixes == [""])
  }

  @Test("of one id, or with a part that is nowhere, make no catalogue")
  func catalogue() throws {
    let family = try Families.parsed(Self.text())
    #expect(throws: Fault.self) { try FamilyCatalogue([family, family]) }
    let broken = try Families.parsed(
      Self.text(more: #", "components": [{"family": "b", "prefixes": ["d."]}]"#))
    #expect(throws: Fault.self) { try FamilyCatalogue([broken]) }
  }
}

@Suite("Name patterns")
struct NamePatternTests {
  @Test(
    "that make no sense are refused",
    arguments: [
      "", "{", "}", "a{b}", "a{<b}", "a{1<b}", "a{b<}", "a{b<c", "a}b", "a{b<c}}", "a{b<c}{d<e}",
      "a{b<c<d}", "a{b c<d}", "ä", "a b", "a\u{0}", String(repeating: "a", count: 1001),
    ])
  func malformed(text: String) {
    #expect { try NamePattern(text) } throws: { ($0 as? Fault)?.code == .invalidFamily }
  }

  @Test("stand for as many names as their limit says")
  func expansion() throws {
    let pattern = try NamePattern("blocks.{block<depth-1}.w")
    #expect(
      Array(pattern.expanded(given: ["depth": 3])).map(\.name) == ["blocks.0.w", "blocks.1.w"])
    #expect(pattern.count(given: [:]) == 0)
    #expect(pattern.count(given: ["depth": 0]) == 0)
    #expect(Array(try NamePattern("w").expanded(given: [:])).map(\.position) == [nil])
  }

  @Test("are not written out before somebody asks")
  func lazily() throws {
    let pattern = try NamePattern("blocks.{block<depth^3}.w")
    let values = ["depth": 1 << 20]
    #expect(pattern.count(given: values) == 1 << 60)
    #expect(pattern.expanded(given: values).first { $0.position == 3 }?.name == "blocks.3.w")
  }

  @Test("are found by the number in a name, in its canonical spelling alone")
  func lookup() {
    #expect(NamePattern.lookupForms(of: "a.3.b").map(\.form) == ["a.3.b", "a.{}.b"])
    for name in ["a.03.b", "a.+3.b", "a.-3.b", "a.٣.b", "a.3 .b"] {
      #expect(NamePattern.lookupForms(of: name).count == 1, "\(name)")
    }
  }
}

@Suite("Conversion records")
struct ConversionRecordTests {
  @Test("are read as they were written")
  func roundTrip() throws {
    let record = ConversionRecord(
      targetID: "transseg-beit", parameters: ["hidden": 8, "depth": 1 << 20],
      decoderLayers: [0, 3], options: ["seed": "1", "odd": "\u{1B}\"\\"],
      sourceDigest: String(repeating: "a", count: 64))
    #expect(try ConversionRecord(metadata: record.metadata) == record)
    #expect(try ConversionRecord(metadata: [:]) == nil)
    #expect(record.metadata == record.metadata)
  }

  @Test("name every kind of role by its path without indices")
  func roleKinds() {
    #expect(Role("blocks[12].a[3].b").kind == "blocks[].a[].b")
    #expect(Role("plain").kind == "plain")
    #expect(RolePattern("a[{i}].b", index: "i").role(at: 4) == "a[4].b")
    #expect(RolePattern("a.b", index: nil).role(at: nil) == "a.b")
  }
}
