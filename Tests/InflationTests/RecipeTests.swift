import Architectures
import BuiltInSchemas
import BuiltInZoo
import Diagnostics
import Documents
import Foundation
import SchemaSupport
import Tensors
import Testing

@testable import Inflation

/// Names and shapes that a family's own description gives for hyper-parameters.
private struct DescribedCheckpoint: TensorSource {
  let path = "described"
  let formatName = "memory"
  let metadata: [String: String] = [:]
  let tensors: [TensorDescription]

  init(_ family: Family, _ parameters: [String: Int]) throws {
    let common = [
      "finalNorm.weight", "finalNorm.bias", "attention.relativePositionBias", "query.bias",
      "key.bias", "value.bias", "queryKeyValue.bias", "patchEmbedding.bias",
      "patchEmbedding.norm.weight", "patchEmbedding.norm.bias",
    ]
    let rules = family.tensors.filter { rule in
      !rule.isOptional || common.contains { rule.role.description.hasSuffix($0) }
    }
    tensors = try rules.flatMap { rule in
      try family.positions(of: rule, given: parameters).map { indices in
        let extents = try rule.shape.map {
          try #require(
            $0.value(given: parameters, at: indices), "\(rule.name): \($0)")
        }
        return try TensorDescription(
          SourceKey(rule.name.name(at: indices)), dtype: .f32, shape: Shape(extents))
      }
    }.sorted { $0.key < $1.key }
  }

  func description(of key: SourceKey) -> TensorDescription? { tensors.first { $0.key == key } }

  func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result { try body([UInt8]().span.bytes) }
}

@Suite("Recipes")
struct RecipeTests {
  private static let plain = [
    "hidden": 768, "depth": 12, "mlp": 3072, "heads": 12, "headSize": 64, "channels": 3,
    "patchHeight": 16, "patchWidth": 16, "gridHeight": 14, "gridWidth": 14,
  ]

  private static let hierarchical = [
    "embedding": 96, "stages": 4, "mlpRatio": 4, "channels": 3, "patchHeight": 4, "patchWidth": 4,
    "windowHeight": 7, "windowWidth": 7, "depth[0]": 2, "depth[1]": 2, "depth[2]": 6,
    "depth[3]": 2, "heads[0]": 3, "heads[1]": 6, "heads[2]": 12, "heads[3]": 24,
  ]

  /// The published model that a recipe's id begins with.
  private static let models: [(prefix: String, parameters: [String: Int])] = [
    (
      "dinov2-base",
      ["patchHeight": 14, "patchWidth": 14, "gridHeight": 37, "gridWidth": 37]
        .merging(plain) { own, _ in own }
    ),
    ("swin-tiny", hierarchical),
    ("swin-small", ["depth[2]": 18].merging(hierarchical) { own, _ in own }),
    (
      "swin-base",
      [
        "embedding": 128, "depth[2]": 18, "heads[0]": 4, "heads[1]": 8, "heads[2]": 16,
        "heads[3]": 32,
      ].merging(hierarchical) { own, _ in own }
    ),
    ("sam-base", windows.merging(plain) { own, _ in own }),
    ("", plain),
  ]

  /// Every third of SAM's blocks attends everywhere.
  private static let windows: [String: Int] = {
    var windows = ["gridHeight": 64, "gridWidth": 64]
    for block in 0..<12 {
      for axis in ["Height", "Width"] {
        windows["window\(axis)[\(block)]"] = block % 3 == 2 ? 64 : 14
      }
    }
    return windows
  }()

  private static func parameters(of id: String) -> [String: Int] {
    models.first { id.hasPrefix($0.prefix) }?.parameters ?? [:]
  }

  private func schema() throws -> Schema {
    try Schema(parsing: #require(BuiltInSchemas.text(of: "recipe")))
  }

  @Test("that are built in are those of the folder, and what the schema describes")
  func builtIn() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Zoo/Recipes")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(files.map { String($0.dropLast(5)) }.sorted() == Recipe.builtInIDs)
    let catalogue = try FamilyCatalogue.builtIn()
    let models = Set(BuiltInZoo.models.map(\.name))
    for (name, text) in BuiltInZoo.recipes {
      let violations = try schema().violations(of: JSONValue(parsing: text))
      #expect(violations.isEmpty, "\(name): \(violations)")
      let recipe = try #require(try Recipe.builtIn(name))
      #expect(recipe.id == name)
      #expect(models.isSuperset(of: recipe.models))
      _ = try catalogue.target(recipe.target)
    }
  }

  @Test("plan without a flag, for every family that they are for", arguments: Recipe.builtInIDs)
  func plans(id: String) throws {
    let recipe = try #require(try Recipe.builtIn(id))
    let catalogue = try FamilyCatalogue.builtIn()
    for familyID in recipe.sourceFamilies {
      try recipe.check(isFor: familyID)
      let family = try catalogue.family(familyID)
      let source = try DescribedCheckpoint(family, Self.parameters(of: id))
      let model = try catalogue.recognise(source)
      #expect(model.family.id == familyID)
      let plan = try PlanBuilder(
        source: source, model: model, target: catalogue.target(recipe.target),
        catalogue: catalogue, options: recipe.options
      ).plan()
      #expect(!plan.tensors.isEmpty)
      let needed = Set(
        (plan.dropped.map(\.rule) + plan.deviations.map(\.rule)).filter(\.changesEncoder).map(\.id))
      #expect(needed == recipe.options.allowedLosses, "\(familyID)")
    }
  }

  @Test("fail where their options do not fit")
  func control() throws {
    let catalogue = try FamilyCatalogue.builtIn()
    let recipe = try #require(try Recipe.builtIn("swin-tiny-to-monai-swinunetr"))
    let family = try catalogue.family("swin")
    let source = try DescribedCheckpoint(family, Self.parameters(of: "swin-base"))
    let model = try catalogue.recognise(source)
    #expect(throws: Fault.self) {
      try PlanBuilder(
        source: source, model: model, target: catalogue.target(recipe.target),
        catalogue: catalogue, options: recipe.options
      ).plan()
    }
    let fault = try #require(throws: Fault.self) { try recipe.check(isFor: "vit") }
    #expect(fault.code == .unsuitableRecipe)
    #expect(try Recipe.builtIn("nonsense") == nil)
  }

  private static let sample = """
    {"$schema": "s", "formatVersion": 1, "id": "a", "title": "A",
     "source": {"families": ["vit"], "models": ["m"]}, "target": "monai-vit",
     "options": {
       "image-size": [96, 96, 96], "patch-size": [16, 16, 16], "window": [7, 7, 8],
       "depth-axis": 1, "in-channels": 2, "out-channels": 3, "feature-size": 48,
       "target-options": {"proj_type": "conv"}, "patch-embed": "center", "channels": "mean",
       "pos-embed": "tile", "pos-embed-resize": "bicubic", "rel-pos": "decay:0.5",
       "rel-pos-resize": "bicubic", "decoder": "none", "decoder-init": "zeros", "seed": 7,
       "dtype": "f16", "layers": [0, 1], "heads": [12], "allow-loss": ["pre-norm"]}}
    """

  @Test("give every option")
  func options() throws {
    let recipe = try Recipe(JSONReader(JSONValue(parsing: Self.sample)))
    let options = recipe.options
    #expect(options.imageSize == [96, 96, 96])
    #expect(options.patchSize == [16, 16, 16])
    #expect(options.window == [7, 7, 8])
    #expect(options.depthAxis == 1)
    #expect(options.inputChannels == 2)
    #expect(options.outputChannels == 3)
    #expect(options.featureSize == 48)
    #expect(options.targetOptions == ["proj_type": "conv"])
    #expect(options.patchEmbedding == .center)
    #expect(options.channels == .mean)
    #expect(options.positionResize == .bicubic)
    #expect(options.biasDepth == .decay(0.5))
    #expect(options.biasResize == .bicubic)
    #expect(!options.includesDecoder)
    #expect(options.decoderInitialisation == .zeros)
    #expect(options.seed == 7)
    #expect(options.storedDType == .all(.f16))
    #expect(options.layers == [0, 1])
    #expect(recipe.heads == [12])
    #expect(options.allowedLosses == ["pre-norm"])
  }

  private static let replacements: [JSONValue?] = {
    let plain = #"""
      [null, true, 0, 1, -1, 1.5, 70000, "", "a", "A", "a b", "é", "none", "average", "seeded",
       "from:x", "bicubic", "gaussian:2", [], ["a"], [""], [1], [1, 2, 3], [0, 0, 0], [1, 2, 3, 4],
       {}, {"a": "b"}, {"a": 1}, {"families": ["vit"]}, ["query-bias"], ["mask-token"]]
      """#
    guard case .array(let values)? = try? JSONValue(parsing: plain) else { return [] }
    return [nil] + values
  }()

  @Test("mutated: whatever the code accepts, the schema does, and the other way round")
  func agreement() throws {
    let schema = try schema()
    let document = try JSONValue(parsing: Self.sample)
    #expect(schema.violations(of: document).isEmpty)
    var (accepted, refused) = (0, 0)
    for path in document.paths where !path.isEmpty {
      for value in Self.replacements {
        let changed = document.setting(path[...], to: value)
        let violations = schema.violations(of: changed)
        let what = "\(path) = \(value.map { $0.text(.compact) } ?? "absent")"
        do {
          _ = try Recipe(JSONReader(changed))
          accepted += 1
          #expect(violations.isEmpty, "the code accepts \(what): \(violations)")
        } catch let fault as Fault {
          refused += 1
          // The forms of strategies are the code's to know.
          let isStrategy = ["patch-embed", "channels", "pos-embed", "rel-pos", "dtype"].contains {
            path.last == $0
          }
          #expect(!violations.isEmpty || isStrategy, "the schema accepts \(what): \(fault)")
        }
      }
    }
    #expect(accepted > 50)
    #expect(refused > 500)
  }
}
