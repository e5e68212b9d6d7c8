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
    #expect(BuiltInZoo.families.count >= 3)
    for (name, text) in BuiltInZoo.families {
      let found = try schema.violations(of: JSONValue(parsing: text))
      #expect(found.isEmpty, "\(name): \(found)")
    }
  }

  @Test("the schema lists every rule, neutral value and derivation")
  func enumerations() throws {
    let text = String(decoding: try #require(BuiltInSchemas.text(of: "family")), as: UTF8.self)
    for id in DropRule.all.map(\.id) + Family.Neutral.allCases.map(\.rawValue)
      + Family.Derivation.allCases.map(\.rawValue)
    {
      #expect(text.contains("\"\(id)\""), "\(id)")
    }
  }

  private static let sample = """
    {"$schema": "s", "formatVersion": 1, "id": "sample", "title": "Sample", "dimensions": 2,
     "prefixes": ["", "module."], "constants": {"epsilon": 1e-06}, "decoderLayers": {"4": [0, 3]},
     "assumptions": [{"symbol": "width", "value": "height"}],
     "tensors": [
       {"name": "cls", "role": "classToken", "shape": ["1", "hidden"], "optional": true},
       {"name": "blocks.{block<depth}.w", "role": "blocks[{block}].w", "shape": [],
        "neutral": "ones", "derived": "beit-relative-position-index"}],
     "drops": [{"name": "head.{n<2}", "rule": "final-norm"}],
     "components": [{"family": "upernet", "prefixes": ["decoder."]}]}
    """

  /// What a member may be replaced by, right here and wrong there; nil takes it out.
  private static let values: [JSONValue?] = {
    let plain = #"""
      [null, true, 0, 1, 2, 3, -1, 1.5, 2e9, "", "a", "A", "a-b", "a b", "é", "a\nb", "{", "}",
       "a{b<c}d", "a{b<}d", "a{b c<d}", "{b<2*c}", "a{b<c}d{e<f}", "a<b", "ones", "zeros",
       "final-norm", "beit-relative-position-index", "2*hidden", "3//2", [], [""], ["a"], ["a b"],
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
    for path in document.paths where !path.isEmpty {
      for value in Self.values {
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

  private static func isLeftToCode(_ fault: Fault) -> Bool {
    [
      "is no extent", "has a rule already", "is the role of another rule",
      "do not have the same index", "is outside 0…",
    ].contains { fault.reason.contains($0) }
  }
}
