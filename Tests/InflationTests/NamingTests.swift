import Architectures
import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Inflation

/// The same weights under every naming must become the same bytes.
@Suite("Namings of one architecture")
struct NamingTests {
  /// Hyper-parameters of small models, enough for every family of the architecture.
  private static let swin: [String: Int] = [
    "embedding": 12, "stages": 4, "depth[0]": 1, "depth[1]": 2, "depth[2]": 1, "depth[3]": 1,
    "heads[0]": 1, "heads[1]": 2, "heads[2]": 4, "heads[3]": 8, "mlpRatio": 2, "channels": 3,
    "patchHeight": 4,
    "patchWidth": 4, "windowHeight": 3, "windowWidth": 3, "gridHeight": 8, "gridWidth": 8,
    "hidden": 96,
  ]

  private static let vit: [String: Int] = [
    "hidden": 8, "depth": 2, "heads": 2, "headSize": 4, "mlp": 16, "channels": 3, "patchHeight": 4,
    "patchWidth": 4, "gridHeight": 4, "gridWidth": 4,
  ]

  /// Tensors that not every naming has a name for.
  private static let uncommon = [
    "registerTokens", "maskToken", "layerScale", "preNorm", "distillationToken",
  ]

  /// A checkpoint of the family whose values depend on their role alone.
  private func checkpoint(_ id: String, _ parameters: [String: Int]) throws -> MemorySource {
    let family = try FamilyCatalogue.builtIn().family(id)
    var source = MemorySource(contents: [:])
    for rule in family.tensors where rule.derivation == nil {
      let isUncommon =
        Self.uncommon.contains { rule.role.description.contains($0) }
        || (parameters["stages"] != nil
          && ["stages[{stage}].norm", "finalNorm"].contains {
            rule.role.description.hasPrefix($0)
          })
        || (rule.isOptional && rule.role.description == "positionEmbedding")
      if isUncommon && rule.isOptional || rule.role.description.hasPrefix("decoder.") { continue }
      for indices in family.positions(of: rule, given: parameters) {
        let shape = try Shape(
          rule.shape.map { try #require($0.value(given: parameters, at: indices), "\(rule.name)") })
        let canonical =
          try rule.layout?.canonicalShape(of: shape, given: parameters, at: indices) ?? shape
        let values = values(of: rule.role(at: indices), canonical)
        let tensor = try FloatTensor(shape: canonical, values: values)
        source.contents[rule.name.name(at: indices)] =
          try rule.layout?.toStored(from: canonical, given: parameters, at: indices)
          .applied(to: tensor) ?? tensor
      }
    }
    return source
  }

  private func values(_ seedName: String, _ count: Int) -> [Float] {
    Initialisation.uniform(bound: 1, stream: SplitMix64.stream(seed: 3, name: seedName))
      .values(count)
  }

  /// Queries, keys and values are parts of one joint projection.
  private func values(of role: Role, _ shape: Shape) -> [Float] {
    for (number, part) in ["query", "key", "value"].enumerated() {
      for kind in [".weight", ".bias"] {
        guard let joint = role.replacing(".\(part)\(kind)", with: ".queryKeyValue\(kind)") else {
          continue
        }
        let all = values(joint.path, 3 * shape.elementCount)
        return Array(all[number * shape.elementCount..<(number + 1) * shape.elementCount])
      }
    }
    return values(role.path, shape.elementCount)
  }

  private func bytes(
    _ id: String, _ parameters: [String: Int], to target: String,
    _ change: (inout ConversionOptions) -> Void
  ) throws -> [String: [Float]] {
    let source = try checkpoint(id, parameters)
    var options = try ConversionOptions(imageSize: [64, 64, 8])
    options.includesDecoder = false
    change(&options)
    return try Golden.withConverted(source, options, to: target, heads: parameters["heads"]) {
      converted in
      let floats = converted.tensors.filter { $0.dtype.isFloatingPoint }
      return Dictionary(
        uniqueKeysWithValues: try floats.map {
          ($0.key.name, try converted.floats(of: $0.key).values)
        })
    }
  }

  @Test(
    "of Swin: Microsoft's, timm's, torchvision's, OpenMMLab's and three of Hugging Face's",
    arguments: [
      "swin-timm", "swin-torchvision", "swin-openmmlab", "swin-huggingface", "swin-huggingface-5",
      "swin-huggingface-5-backbone",
    ], ["video-swin", "monai-swinunetr", "transseg-swin"])
  func swin(id: String, target: String) throws {
    let change = { (options: inout ConversionOptions) in
      options.window = target == "transseg-swin" ? nil : [5, 5, 3]
      options.biasResize = .bicubic
      if target == "monai-swinunetr" { options.imageSize = [64, 64, 64] }
      options.allowedLosses = ["patch-norm"]
    }
    let expected = try bytes("swin", Self.swin, to: target, change)
    let actual = try bytes(id, Self.swin, to: target, change)
    #expect(actual.count == expected.count)
    for (name, values) in expected where !name.hasPrefix("encoder.norm") {
      #expect(actual[name] == values, "\(name)")
    }
    let tables = expected.keys.filter { $0.hasSuffix("relative_position_bias_table") }
    #expect(tables.count == 5)
  }

  @Test(
    "of ViT: timm's, torchvision's, Google's and two of Hugging Face's",
    arguments: [
      "vit-torchvision", "vit-torchvision-mlp", "vit-google", "vit-huggingface",
      "vit-huggingface-5",
    ])
  func vit(id: String) throws {
    let change = { (options: inout ConversionOptions) in options.imageSize = [16, 16, 8] }
    let expected = try bytes("vit", Self.vit, to: "monai-vit", change)
    let actual = try bytes(id, Self.vit, to: "monai-vit", change)
    for (name, values) in expected { #expect(actual[name] == values, "\(name)") }
    #expect(expected["blocks.1.attn.qkv.weight"]?.count == 192)
  }
}
