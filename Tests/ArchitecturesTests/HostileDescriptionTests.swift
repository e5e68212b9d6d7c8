import BuiltInZoo
import Diagnostics
import Documents
import SchemaSupport
import Tensors
import Testing

@testable import Architectures

/// Descriptions of a user's own are read from files: what they claim must never trap, nor take long.
@Suite("Hostile descriptions", .timeLimit(.minutes(2)))
struct HostileDescriptionTests {
  private static let values: [JSONValue?] = [
    nil, .null, true, 0, -1, 1, .integer(.max), .integer(.min), 1e300, "", "*", "{", "}", "a{b}",
    "{2*stage+1}", "2^8", "0-1", "9223372036854775807*hidden", "hidden^8", "1//0", "hidden//7",
    "heads[stage]", "heads[0-1]", "heads[heads[stage]]", "stage", "depth[stage]", "stages-1",
    "a -> a", "(a=0 b) -> a b", "(a=9223372036854775807 b) -> a b", "1", "hidden", "zeros",
    .array([]), .object([]), .array(["hidden"]), .array(["hidden*hidden*hidden"]),
    .object([.init("stage", "9223372036854775807")]), .object([.init("stages", "stages")]),
    .string(String(repeating: "(", count: 190)), .string(String(repeating: "1+", count: 99) + "1"),
  ]

  @Test("mutated at random are a family or a fault, and recognising with one ends")
  func mutated() throws {
    var random = SplitMix(state: 7)
    let samples = StateDictionary.all
    var tried = 0
    for (name, text) in BuiltInZoo.families where !name.contains("upernet") {
      let document = try JSONValue(parsing: text)
      let paths = document.paths.filter { !$0.isEmpty && $0 != ["components"] }
      let sources = samples.filter { $0.family == name }
      for _ in 0..<24 {
        var changed = document.setting(["components"], to: nil)
        for _ in 0...random.next(below: 3) {
          changed = changed.setting(
            paths[random.next(below: paths.count)][...],
            to: Self.values[random.next(below: Self.values.count)])
        }
        guard let family = try? Family(JSONReader(changed)) else { continue }
        tried += 1
        let catalogue = try FamilyCatalogue([family])
        for sample in sources.prefix(1) { use(catalogue, on: sample.source) }
      }
    }
    #expect(tried > 50)
  }

  /// Recognises, and takes every tensor to its canonical form as far as that goes.
  private func use(_ catalogue: FamilyCatalogue, on source: ShapesOnly) {
    guard let model = try? catalogue.recognise(source) else { return }
    for role in model.tensors.keys {
      guard let key = model.key(of: role), let shape = source.description(of: key)?.shape else {
        continue
      }
      _ = try? model.rearrangement(of: role, from: shape)
    }
    _ = try? model.imageSize()
  }

  @Test(
    "with counts that nothing has do not count for ever",
    arguments: ["9223372036854775807", "n^8", "2^8^1", "0-5", "1//0", "i", "depth[i]", "i[i]"])
  func counts(limit: String) throws {
    let text = """
      {"formatVersion": 2, "id": "a", "title": "A", "dimensions": 2,
       "indices": {"i": "\(limit)", "j": "\(limit)"},
       "tensors": [{"name": "w.{i}.{j}", "role": "w[{i}][{j}]", "shape": ["n"]},
                   {"name": "v", "role": "v", "shape": ["n"]}]}
      """
    guard let family = try? Families.parsed(text) else { return }
    let catalogue = try FamilyCatalogue([family])
    for shapes in [["w.0.0": [3], "v": [3]], ["w.9999.9999": [3], "v": [3]], ["v": [1 << 20]]] {
      use(catalogue, on: ShapesOnly(shapes: shapes))
    }
    _ = family.count(of: family.tensors[0], given: ["n": .max])
    _ = family.positions(of: family.tensors[0], given: ["n": 1 << 7]).first { _ in true }
  }
}
