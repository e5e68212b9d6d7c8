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
    {"formatVersion": 2, "id": "a", "title": "A", "dimensions": 2, "tensors": [\(tensors)]\(more)}
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
    (text(tensors: #"{"name": "b.{i}", "role": "b", "shape": []}"#), "/tensors/0"),
    (text(tensors: #"{"name": "b.{i}", "role": "b[{i}]", "shape": []}"#), "/tensors/0"),
    (text(tensors: #"{"name": "b.{i<n}", "role": "b[{i}]", "shape": []}"#), "/tensors/0"),
    (text(tensors: #"{"name": "b", "role": "b[{i", "shape": []}"#), "/tensors/0"),
    (text(tensors: #"{"name": "b", "role": "b}", "shape": []}"#), "/tensors/0"),
    (text(tensors: #"{"name": "b.*", "role": "b", "shape": []}"#), "/tensors/0"),
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

  private static let newerFaults: [(text: String, pointer: String)] = [
    (text().replacing("\"formatVersion\": 2", with: "\"formatVersion\": 1"), "/formatVersion"),
    (text(more: #", "indices": {"2": "n"}"#), "/indices/2"),
    (text(more: #", "indices": {"i": "n+"}"#), "/indices/i"),
    (text(more: #", "options": {"o": []}"#), "/options/o"),
    (text(more: #", "options": {"O": ["a"]}"#), "/options/O"),
    (text(more: #", "options": {"o": ["a b"]}"#), "/options/o/0"),
    (text(more: #", "activation": "relu""#), "/activation"),
    (text(more: #", "defaults": {"a b": "1"}"#), "/defaults/a b"),
    (text(more: #", "fixed": {"n": 0}"#), "/fixed/n"),
    (text(more: #", "fixed": {"n": {"value": 1}}"#), "/fixed/n"),
    (text(more: #", "fixed": {"n": {"value": 1, "when": {"o": "a"}}}"#), "/fixed/n"),
    (text(more: #", "fixed": {"a.b": 1}"#), "/fixed/a.b"),
    (text(more: #", "multiples": {"n": 1}"#), "/multiples/n"),
    (text(more: #", "multiples": {"": 2}"#), "/multiples/"),
    (text(more: #", "depthAxis": 3"#), "/depthAxis"),
    (text(more: #", "refuses": [{"when": {}}]"#), "/refuses/0"),
    (text(more: #", "refuses": [{"when": {"o": "a"}, "reason": "r"}]"#), "/refuses/0"),
    (text(more: #", "customaryHeads": {"0": 1}"#), "/customaryHeads/0"),
    (text(more: #", "customaryHeads": {"64": 0}"#), "/customaryHeads/64"),
    (text(tensors: rule(#""when": {"o": "a"}"#)), "/tensors/0"),
    (text(tensors: rule(#""when": {"o": []}"#)), "/tensors/0/when/o"),
    (text(tensors: rule(#""range": {"i": "2"}"#)), "/tensors/0"),
    (text(tensors: rule(#""layout": "n -> m""#)), "/tensors/0"),
    (text(tensors: rule(#""order": [0, 1, 2, 3]"#)), "/tensors/0"),
    (text(tensors: rule(#""order": [0, 1, 2, 3], "orderAxis": "n""#)), "/tensors/0"),
    (
      text(tensors: rule(#""order": [0, 1, 2, 2], "orderAxis": "n", "layout": "n -> n""#)),
      "/tensors/0"
    ),
    (
      text(tensors: rule(#""order": [8], "orderAxis": "n", "layout": "n -> n""#)),
      "/tensors/0/order/0"
    ),
    (text(tensors: rule(#""prefixRows": ["a b"]"#)), "/tensors/0/prefixRows/0"),
    (text(tensors: rule(#""transposed": 1"#)), "/tensors/0/transposed"),
  ]

  /// A rule with more members.
  private static func rule(_ more: String) -> String {
    #"{"name": "w", "role": "w", "shape": ["n"], \#(more)}"#
  }

  @Test("are refused with a pointer to what is wrong", arguments: faults + newerFaults)
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

  @Test("give what a target's geometry follows and keeps to")
  func geometry() throws {
    let family = try Families.parsed(
      Self.text(
        more: #"""
          , "options": {"proj": ["conv", "perceptron"], "bias": ["true", "false"]},
          "defaults": {"patchDepth": "patchHeight", "window": "7"}, "depthAxis": 2,
          "fixed": {"patchHeight": 16, "depth": {"value": 12, "when": {"proj": "conv"}}},
          "multiples": {"embedding": 12}, "activation": "quick-gelu", "customaryHeads": {"768": 12},
          "refuses": [{"when": {"proj": "conv", "bias": ["false"]}, "reason": "r", "remedy": "m"}]
          """#))
    #expect(family.geometry.defaults.map(\.symbol) == ["patchDepth", "window"])
    #expect(family.geometry.defaults[0].value.value(given: ["patchHeight": 4]) == 4)
    #expect(family.geometry.depthAxis == 2)
    #expect(family.geometry.multiples == ["embedding": 12])
    let depth = try #require(family.geometry.fixed.first { $0.symbol == "depth" })
    #expect(depth.conditions.hold(under: ["proj": "conv"]))
    #expect(!depth.conditions.hold(under: ["proj": "perceptron"]))
    #expect(depth.conditions.hold(under: [:]))
    let refusal = try #require(family.geometry.refusals.first)
    #expect(refusal.conditions.hold(under: ["proj": "conv", "bias": "false"]))
    #expect(!refusal.conditions.hold(under: ["proj": "conv", "bias": "true"]))
    #expect(family.options.map(\.name) == ["proj", "bias"])
    #expect(family.activation == .quickGELU)
    #expect(family.customaryHeads(hidden: 768) == 12)
    #expect(family.customaryHeads(hidden: 769) == nil)
  }

  @Test("may have two rules for one name or role that options keep apart, and no others")
  func alternatives() throws {
    let rules = { (first: String, second: String) in
      Self.text(
        tensors: """
          {"name": "w", "role": "w", "shape": ["n"], "when": {"o": \(first)}},
          {"name": "w", "role": "w", "shape": ["n", "m"], "when": {"o": \(second)}}
          """, more: #", "options": {"o": ["a", "b", "c"]}"#)
    }
    _ = try Families.parsed(rules(#""a""#, #"["b", "c"]"#))
    let fault = try #require(throws: Fault.self) {
      try Families.parsed(rules(#"["a", "b"]"#, #"["b", "c"]"#))
    }
    #expect(fault.place.pointer == "/tensors/1")
  }

  @Test("tell how many tensors a rule stands for, stage by stage")
  func counts() throws {
    let family = try Families.parsed(
      Self.text(
        tensors: """
          {"name": "l.{stage}.b.{block}.w", "role": "s[{stage}].b[{block}].w", "shape": ["n"]},
          {"name": "d.{2*stage+1}.w", "role": "s[{stage}].d", "shape": ["n*2^stage"],
           "range": {"stage": "stages-1"}}
          """, more: #", "indices": {"stage": "stages", "block": "depth[stage]"}"#))
    let values = ["stages": 3, "depth[0]": 2, "depth[1]": 0, "depth[2]": 1]
    let (blocks, merges) = (family.tensors[0], family.tensors[1])
    #expect(family.count(of: blocks, given: values) == 3)
    #expect(
      family.positions(of: blocks, given: values).map { blocks.name.name(at: $0) }
        == ["l.0.b.0.w", "l.0.b.1.w", "l.2.b.0.w"])
    #expect(
      family.positions(of: merges, given: values).map { merges.name.name(at: $0) }
        == ["d.1.w", "d.3.w"])
    #expect(
      family.positions(of: blocks, given: values).map { blocks.role(at: $0) }.last == "s[2].b[0].w")
    #expect(family.count(of: blocks, given: ["stages": 3]) == 0)
    #expect(family.count(of: blocks, given: [:]) == 0)
  }

  @Test("are not written out before somebody asks")
  func lazily() throws {
    let family = try Families.parsed(
      Self.text(
        tensors: #"{"name": "b.{i}.w", "role": "b[{i}].w", "shape": []}"#,
        more: #", "indices": {"i": "depth^3"}"#))
    let values = ["depth": 1 << 20]
    #expect(family.count(of: family.tensors[0], given: values) == 1 << 60)
    let fourth = family.positions(of: family.tensors[0], given: values).first { $0["i"] == 3 }
    #expect(fourth.map { family.tensors[0].name.name(at: $0) } == "b.3.w")
  }

  @Test("of a user's own join the built-in ones, unless their id is taken")
  func ownFamilies() throws {
    let builtIn = try FamilyCatalogue.builtIn()
    let own = try JSONValue(parsing: Self.text())
    let catalogue = try builtIn.adding([("mine.json", own)])
    #expect(try catalogue.families.count == builtIn.families.count + 1)
    #expect(try catalogue.recognise(ShapesOnly(shapes: ["w": [3]])).family.id == "a")
    let taken = try #require(throws: Fault.self) {
      try builtIn.adding([("mine.json", own.setting(["id"], to: "vit"))])
    }
    #expect(taken.code == .invalidFamily)
    #expect(taken.place.file == "mine.json")
    let part = try JSONValue(
      parsing: Self.text(more: #", "components": [{"family": "nowhere", "prefixes": ["d."]}]"#))
    #expect(throws: Fault.self) { try builtIn.adding([("mine.json", part)]) }
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
