import Architectures
import Documents
import Foundation
import Inflation
import Synchronization
import Tensors
import Testing

@testable import Verification

/// A conversion from one family to another, of a small model whose names and shapes are its own
/// package's (`Tests/Fixtures/families`) and whose weights are made up.
struct FamilySample: Sendable, CustomTestStringConvertible {
  /// As the state dicts' list calls it.
  let source: String
  let target: String
  let imageSize: [Int]?
  var window: [Int]?
  var heads: Int?
  var losses: Set<String> = []
  var targetOptions: [String: String] = [:]
  /// The last layer that must compute what the 2D model does.
  let agreement: String

  var testDescription: String { "\(source) → \(target)" }

  static let swin = FamilySample(
    source: "Swin, Microsoft", target: "transseg-swin", imageSize: [96, 96, 5],
    agreement: "stages[3].blocks[1]")
  static let videoSwin = FamilySample(
    source: "Swin, timm", target: "video-swin", imageSize: nil, window: [3, 3, 2],
    agreement: "finalNorm")
  static let swinUNETR = FamilySample(
    source: "Swin, Microsoft", target: "monai-swinunetr", imageSize: nil,
    targetOptions: ["patch_norm": "true"], agreement: "")
  static let dino = FamilySample(
    source: "DINO, Meta", target: "transseg-dino", imageSize: [64, 64, 5], heads: 3,
    agreement: "finalNorm")
  static let volumeViT = FamilySample(
    source: "ViT of images, MONAI", target: "monai-vit", imageSize: [64, 64, 32], heads: 3,
    agreement: "finalNorm")
  static let dinov2 = FamilySample(
    source: "DINOv2, Meta", target: "monai-vit", imageSize: [56, 56, 28], heads: 3,
    agreement: "patchEmbedding")
  static let maskedAutoencoder = FamilySample(
    source: "MAE, Hugging Face's files", target: "monai-vit", imageSize: [64, 64, 16], heads: 3,
    agreement: "patchEmbedding")
  static let beit = FamilySample(
    source: "BEiT, Microsoft", target: "monai-vit", imageSize: [64, 64, 32],
    losses: ["relative-position-bias"], agreement: "patchEmbedding")

  static let all = [
    swin, videoSwin, swinUNETR, dino, volumeViT, dinov2, maskedAutoencoder, beit,
  ]

  private var hints: RecognitionHints {
    RecognitionHints(parameters: heads.map { ["heads": $0] } ?? [:])
  }

  private static let sources = Mutex<[String: EditedSource]>([:])
  private static let conversions = Mutex<[String: EditedSource]>([:])

  /// The 2D model and the 3D one made from it by a strategy and nothing else, once for all tests.
  func models(
    _ strategy: DepthStrategy = .average
  ) throws -> (source: EditedSource, converted: EditedSource) {
    let name = "\(testDescription), \(imageSize ?? []), \(strategy.name)"
    let converted = try FamilySample.conversions.made(name) {
      try models(strategy) { _ in }.converted
    }
    return (try FamilySample.generated(source), converted)
  }

  /// The 2D model and the 3D one made from it, with other options.
  func models(
    _ strategy: DepthStrategy = .average, _ change: (inout ConversionOptions) -> Void
  ) throws -> (source: EditedSource, converted: EditedSource) {
    let source = try FamilySample.generated(source)
    var options = try ConversionOptions(imageSize: imageSize)
    options.window = window
    options.patchEmbedding = strategy
    options.outputChannels = 3
    options.includesDecoder = false
    options.allowedLosses = losses
    options.targetOptions = targetOptions
    change(&options)
    return (source, try Sample.converted(source, options, to: target, hints: hints))
  }

  func verify(
    _ models: (source: EditedSource, converted: EditedSource)
  ) throws -> VerificationReport {
    try Sample.verify(models.converted, against: models.source, hints: hints)
  }

  private static func generated(_ title: String) throws -> EditedSource {
    try sources.made(title) { try generate(title) }
  }

  /// A state dict whose weights are pseudo-random: those of normalisations about 1, others about 0.
  private static func generate(_ title: String) throws -> EditedSource {
    let path = Sample.path("families/state_dicts.json")
    let document = try JSONReader(JSONValue(parsing: Array(Data(contentsOf: URL(filePath: path)))))
    var source = try EditedSource([])
    for (shape, names) in try document.member(title).member("tensors").members() {
      let extents = shape.split(separator: ",").compactMap { Int($0) }
      let count = extents.reduce(1, *)
      for name in try names.elements().map({ try $0.string() }) {
        if name.hasSuffix("index") || name.hasSuffix("num_batches_tracked") {
          try source.replace(name, extents, integers: Array(repeating: 0, count: count))
          continue
        }
        let middle: Float = extents.count == 1 && name.hasSuffix("weight") ? 1 : 0
        let width = 0.8 / Float(extents.count == 2 ? extents[1] : 4).squareRoot()
        var state = UInt64(name.utf8.reduce(5381) { ($0 &* 33) &+ UInt64($1) })
        try source.replace(
          name, extents,
          (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return middle + (Float(state >> 40) / 8_388_608 - 1) * width
          })
      }
    }
    return source
  }
}
