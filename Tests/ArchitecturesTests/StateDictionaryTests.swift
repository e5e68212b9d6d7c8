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
    let model = try dictionary.recognised(by: Self.catalogue.get())
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
      guard model.knowsShape(of: role) else { continue }
      _ = try model.rearrangement(of: role, from: shape)
    }
  }

  @Test("are claimed whole by no other family", arguments: StateDictionary.all)
  func unambiguous(dictionary: StateDictionary) throws {
    let catalogue = try Self.catalogue.get()
    for family in try catalogue.models where family.id != dictionary.family {
      let model = try? catalogue.recognise(
        dictionary.source, hints: RecognitionHints(familyID: family.id))
      let isWhole = model.map { model in
        model.unclaimed.isEmpty && model.tensors.keys.allSatisfy(model.knowsShape)
      }
      #expect(isWhole != true, "\(family.id)")
    }
  }

  @Test("that fit an image model and a model of volumes are ambiguous, unless one is preferred")
  func ambiguous() throws {
    let catalogue = try Self.catalogue.get()
    let image = try #require(
      StateDictionary.all.first { $0.family == "monai-vit-2d-perceptron" }
    ).source
    // Both a square and a cube, so that neither family's assumption fails.
    let positions = "patch_embedding.position_embeddings"
    let hidden = try #require(image.shapes[positions]?.last)
    let source = image.adding([positions: [1, 64, hidden]])
    let fault = try #require(throws: Fault.self) { try catalogue.recognise(source) }
    #expect(fault.code == .ambiguousFamily)
    #expect(fault.reason.contains("monai-vit, monai-vit-2d-perceptron"))
    for (dimensions, family) in [(2, "monai-vit-2d-perceptron"), (3, "monai-vit")] {
      let hints = RecognitionHints(preferredDimensions: dimensions)
      #expect(try catalogue.recognise(source, hints: hints).family.id == family)
    }
  }

  @Test("with positions that make no square are not guessed at")
  func oblong() throws {
    let source = try #require(StateDictionary.all.first { $0.name == "ViT, timm" }).source
    let fault = try #require(throws: Fault.self) {
      try Self.catalogue.get().recognise(source.adding(["pos_embed": [1, 14, 24]]))
    }
    #expect(fault.code == .ambiguousFamily)
    #expect(fault.reason.contains("vit, vit-patch-positions"))
  }

  /// The negative control: what is not whole, or not consistent, is not taken for it.
  @Test(
    "without a tensor, or with one of another shape, are other dictionaries",
    arguments: StateDictionary.all)
  func damaged(dictionary: StateDictionary) throws {
    let catalogue = try Self.catalogue.get()
    let model = try dictionary.recognised(by: catalogue)
    let needed = model.tensors.values.filter {
      !$0.rule.isOptional && $0.rule.conditions.isEmpty && $0.rule.shape.count > 1
        && !$0.indices.isEmpty
    }.sorted { $0.key < $1.key }
    #expect(!needed.isEmpty)
    for tensor in needed.prefix(1) {
      let shape = dictionary.source.shapes[tensor.key.name] ?? []
      expectAnother(dictionary.source.removing(tensor.key.name), than: model, catalogue)
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

extension StateDictionary {
  /// Where names and shapes fit both, whether it is of images or of volumes has to be said.
  fileprivate func recognised(by catalogue: FamilyCatalogue) throws -> RecognisedModel {
    let dimensions = try catalogue.family(family).dimensions
    return try catalogue.recognise(
      source, hints: RecognitionHints(preferredDimensions: dimensions))
  }
}

extension RecognisedModel {
  /// Whether every hyper-parameter in the tensor's shape is known.
  fileprivate func knowsShape(of role: Role) -> Bool {
    guard let tensor = tensors[role] else { return false }
    return tensor.rule.shape.allSatisfy { $0.value(given: parameters, at: tensor.indices) != nil }
  }
}
