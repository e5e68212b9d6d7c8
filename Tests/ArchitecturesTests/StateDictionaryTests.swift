import Diagnostics
import Tensors
import Testing

@testable import Architectures

/// What the packages themselves name and shape has to be recognised whole.
@Suite("Packages' own state dictionaries")
struct StateDictionaryTests {
  private static let catalogue = Result { try FamilyCatalogue.builtIn() }

  @Test("are of every family that is a whole model")
  func complete() throws {
    let seen = Set(StateDictionary.all.map(\.family))
    #expect(try Set(Self.catalogue.get().models.map(\.id)).subtracting(seen).isEmpty)
    #expect(StateDictionary.all.count > 100)
  }

  @Test(
    "are recognised, with their hyper-parameters, and every tensor has a place or a rule",
    arguments: StateDictionary.all)
  func recognised(dictionary: StateDictionary) throws {
    let model = try Self.catalogue.get().recognise(dictionary.source)
    #expect(model.family.id == dictionary.family)
    #expect(model.unclaimed.isEmpty, "\(model.unclaimed.map(\.name))")
    for (symbol, value) in dictionary.parameters {
      #expect(model.parameters[symbol] == value, "\(symbol)")
    }
    for (option, value) in dictionary.options {
      #expect(model.options[option] == value, "\(option)")
    }
    #expect(model.tensors.count + model.drops.count == dictionary.source.shapes.count)
    // A rule here may concern targets alone, and then drops nothing yet.
    let rules = Set(model.drops.values.map(\.id))
    #expect(rules.isSubset(of: dictionary.drops), "\(rules)")
    for role in model.tensors.keys.sorted() {
      let shape = try #require(
        dictionary.source.description(of: model.requiredKey(for: role))?.shape)
      _ = try model.rearrangement(of: role, from: shape)
    }
  }

  @Test("are claimed whole by no other family", arguments: StateDictionary.all)
  func unambiguous(dictionary: StateDictionary) throws {
    let catalogue = try Self.catalogue.get()
    for family in catalogue.models where family.id != dictionary.family {
      let model = try? catalogue.recognise(
        dictionary.source, hints: RecognitionHints(familyID: family.id))
      #expect(model.map(\.unclaimed.isEmpty) != true, "\(family.id)")
    }
  }

  /// The negative control: what is not whole, or not consistent, is not taken for it.
  @Test(
    "without a tensor, or with one of another shape, are other dictionaries",
    arguments: StateDictionary.all)
  func damaged(dictionary: StateDictionary) throws {
    let catalogue = try Self.catalogue.get()
    let model = try catalogue.recognise(dictionary.source)
    let needed = model.tensors.values.filter {
      !$0.rule.isOptional && $0.rule.conditions.isEmpty && $0.rule.shape.count > 1
        && !$0.indices.isEmpty
    }.sorted { $0.key < $1.key }
    for tensor in needed.prefix(3) {
      var lacking = dictionary.source
      let shape = lacking.shapes.removeValue(forKey: tensor.key.name) ?? []
      expectAnother(lacking, than: model, catalogue)
      let grown = dictionary.source.adding([tensor.key.name: shape + [1]])
      expectAnother(grown, than: model, catalogue)
    }
  }

  private func expectAnother(
    _ source: ShapesOnly, than model: RecognisedModel, _ catalogue: FamilyCatalogue
  ) {
    guard let found = try? catalogue.recognise(source) else { return }
    #expect(found.family.id != model.family.id || !found.unclaimed.isEmpty)
  }
}
