import BuiltInSchemas
import BuiltInZoo
import Diagnostics
import Documents
import SchemaSupport
import Testing

@testable import Architectures

/// The schema and the code say yes and no to the same descriptions, but for what the schema's own
/// description leaves to the code.
@Suite("Agreement of the family schema and the code")
struct SchemaAgreementTests {
  private func schema() throws -> Schema {
    try Schema(parsing: #require(BuiltInSchemas.text(of: "family")))
  }

  @Test("every built-in family is what the schema describes")
  func builtIn() throws {
    let schema = try schema()
    #expect(BuiltInZoo.families.count >= 46)
    for (name, text) in BuiltInZoo.families {
      let found = try schema.violations(of: JSONValue(parsing: text))
      #expect(found.isEmpty, "\(name): \(found)")
    }
  }

  @Test("the schema lists every rule, neutral value and derivation")
  func enumerations() throws {
    let text = String(decoding: try #require(BuiltInSchemas.text(of: "family")), as: UTF8.self)
    for id in DropRule.all.map(\.id) + TensorRule.Neutral.allCases.map(\.rawValue)
      + TensorRule.Derivation.allCases.map(\.rawValue)
      + Family.Activation.allCases.map(\.rawValue)
    {
      #expect(text.contains("\"\(id)\""), "\(id)")
    }
  }

  /// Has every member that a description can have.
  private static let sample = """
    {"$schema": "s", "formatVersion": 2, "id": "sample", "title": "Sample", "dimensions": 3,
     "prefixes": ["", "module."], "constants": {"epsilon": 1e-06}, "decoderLayers": {"4": [0, 3]},
     "indices": {"stage": "stages", "block": "depth[stage]"}, "activation": "gelu-tanh",
     "options": {"bias": ["true", "false"], "version": ["1.6"]}, "customaryHeads": {"768": 12},
     "defaults": {"patchDepth": "patchHeight"}, "multiples": {"embedding": 12}, "depthAxis": 2,
     "fixed": {"stages": 4, "depth": {"value": 12, "when": {"bias": "true"}}},
     "refuses": [{"when": {"bias": ["false"]}, "reason": "none", "remedy": "another"}],
     "assumptions": [{"symbol": "width", "value": "height"}],
     "tensors": [
       {"name": "cls", "role": "classToken", "shape": ["1", "hidden"], "optional": true,
        "prefixRows": ["classToken"], "transposed": false, "when": {"bias": "true"}},
       {"name": "l.{2*stage+1}.b.{block}.w", "role": "s[{stage}].b[{block}].w", "shape": [],
        "neutral": "ones", "derived": "beit-relative-position-index",
        "range": {"stage": "stages-1"}},
       {"name": "m", "role": "m", "shape": ["a"], "layout": "(corner=4 a) -> corner a",
        "order": [0, 1, 2, 3], "orderAxis": "corner"}],
     "drops": [{"name": "head.{block}", "rule": "final-norm"}, {"name": "x.*", "rule": "mask-token"}],
     "components": [{"family": "upernet", "prefixes": ["decoder."]}]}
    """

  /// What a member may be replaced by, right here and wrong there; nil takes it out.
  private static let values: [JSONValue?] = {
    let plain = #"""
      [null, true, 0, 1, 2, 3, -1, 1.5, 2e9, "", "a", "A", "a-b", "a b", "é", "a\nb", "{", "}",
       "a{b}d", "a{b<}d", "a{b c}", "{2*b+1}", "a{b}d{e}", "a<b", "a{block}", "a.*", "a{b}*", "*",
       "ones", "zeros", "final-norm", "beit-relative-position-index", "2*hidden", "3//2", "h[stage]",
       "a b -> b a", "(a b) -> a b", "->", "a -> b", "corner", "gelu", "true", "false", 12, 1048577,
       100000, {"bias": "true"}, {"bias": []}, {"bias": ["true", "false"]}, {"value": 3},
       {"value": 3, "when": {}}, {"stage": "2"}, {"a": 2}, {"A_": ["a"]}, {"_a": ["a"]},
       [0, 1, 2, 3], [3, 2, 1, 0, 4, 5, 7, 6], [0, 0, 1, 2], [8, 1, 2, 3], [{"when": {}}], [], [""], ["a"], ["a b"],
       [1], [-1], [0, 3], {}, {"a": 1}, {"a": "b"}, {"4": [0]}, {"04": [0]}, {"0": []}, {"4": []},
       [{"name": "n", "role": "r", "shape": ["hidden"]}], [{"name": "n"}]]
      """#
    guard case .array(let values)? = try? JSONValue(parsing: plain) else { return [] }
    let long = [100, 101, 200, 201, 1001].map {
      JSONValue.string(String(repeating: "a", count: $0))
    }
    return [nil] + values + long
  }()

  @Test("mutated descriptions: whatever one side accepts, the other does")
  func mutations() throws {
    let schema = try schema()
    let document = try JSONValue(parsing: Self.sample)
    #expect(schema.violations(of: document).isEmpty)
    _ = try Family(JSONReader(document))
    var (accepted, refused) = (0, 0)
    // A third of the values for each member, another third for the next: all pairs take minutes.
    for (turn, path) in document.paths.enumerated() where !path.isEmpty {
      for (number, value) in Self.values.enumerated() where (number + turn) % 3 == 0 {
        let changed = document.setting(path[...], to: value)
        let violations = schema.violations(of: changed)
        let what = "\(path) = \(value.map { $0.text(.compact) } ?? "absent")"
        do {
          _ = try Family(JSONReader(changed))
          accepted += 1
          #expect(violations.isEmpty, "the code accepts \(what): \(violations)")
        } catch let fault as Fault {
          refused += 1
          #expect(!violations.isEmpty || Self.isLeftToCode(fault), "the schema accepts \(what)")
        }
      }
    }
    #expect(accepted > 100)
    #expect(refused > 1000)
  }

  /// Built-in descriptions with a few members replaced at random, always the same ones.
  @Test("mutated built-in families: whatever one side accepts, the other does")
  func mutatedFamilies() throws {
    let schema = try schema()
    var random = SplitMix(state: 1)
    var (accepted, refused) = (0, 0)
    for (name, text) in BuiltInZoo.families {
      let document = try JSONValue(parsing: text)
      let paths = document.paths.filter { !$0.isEmpty }
      for _ in 0..<8 {
        let path = paths[random.next(below: paths.count)]
        let changed = document.setting(
          path[...], to: Self.values[random.next(below: Self.values.count)])
        let violations = schema.violations(of: changed)
        do {
          _ = try Family(JSONReader(changed))
          accepted += 1
          #expect(violations.isEmpty, "the code accepts \(name), \(path): \(violations)")
        } catch let fault as Fault {
          refused += 1
          #expect(
            !violations.isEmpty || Self.isLeftToCode(fault),
            "the schema accepts \(name), \(path): \(fault)")
        }
      }
    }
    #expect(accepted > 20)
    #expect(refused > 150)
  }

  private static func isLeftToCode(_ fault: Fault) -> Bool {
    [
      "is no extent", "has a rule already", "is the role of another rule", "is no name pattern",
      "do not have the same indices", "is outside 0…", "is no layout", "is no index of",
      "the order is none of", "nothing tells how many values", "is no option with these values",
    ].contains { fault.reason.contains($0) }
  }
}
