import Architectures
import Checkpoints
import Foundation
import Tensors

@testable import Inflation

/// The paper's own inputs and outputs; see `Tests/Fixtures/transseg/README.md`.
enum Golden {
  static func path(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/transseg/\(name)").path
  }

  /// The geometry of `beit` and `beit_shared`: a 4×4 grid goes to 6×6, five slices.
  static func options(_ strategy: DepthStrategy) throws -> ConversionOptions {
    var options = try ConversionOptions(imageSize: [96, 96, 5])
    options.patchEmbedding = strategy
    options.decoderInitialisation = .file(path("beit/decoder.safetensors"))
    options.layers = [0, 1, 2, 3]
    return options
  }

  /// A plan from an open source to a target of the built-in ones.
  static func plan(
    _ source: any TensorSource, _ options: ConversionOptions, to target: String = "transseg-beit",
    heads: Int? = nil
  ) throws -> (plan: Plan, decoderFile: (any TensorSource)?) {
    let catalogue = try FamilyCatalogue.builtIn()
    var decoderFile: (any TensorSource)?
    if case .file(let path) = options.decoderInitialisation {
      decoderFile = try openCheckpoint(at: path)
    }
    let model = try catalogue.recognise(
      source, hints: RecognitionHints(parameters: heads.map { ["heads": $0] } ?? [:]))
    let builder = try PlanBuilder(
      source: source, model: model, target: catalogue.family(target),
      catalogue: catalogue, options: options, decoderFile: decoderFile)
    return (try builder.plan(), decoderFile)
  }

  /// Converts and opens the result; the file is gone when `body` returns.
  static func withConverted<Result>(
    _ source: any TensorSource, _ options: ConversionOptions, to target: String = "transseg-beit",
    heads: Int? = nil, _ body: (SafetensorsCheckpoint) throws -> Result
  ) throws -> Result {
    let (plan, decoderFile) = try plan(source, options, to: target, heads: heads)
    let conversion = Conversion(plan: plan, source: source, decoderFile: decoderFile)
    let output = NSTemporaryDirectory() + "inflation-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: output) }
    try conversion.write(
      to: CheckpointOutput(path: output, replacing: false), record: conversion.record())
    return try body(SafetensorsCheckpoint(path: output))
  }
}

/// A checkpoint in memory.
struct MemorySource: TensorSource {
  let path = "memory"
  let formatName = "memory"
  var metadata: [String: String] = [:]
  var contents: [String: FloatTensor]
  /// Element types other than F32, for those who only look at descriptions.
  var dtypes: [String: DType] = [:]

  var tensors: [TensorDescription] {
    contents.keys.sorted().compactMap { description(of: SourceKey($0)) }
  }

  func description(of key: SourceKey) -> TensorDescription? {
    contents[key.name].flatMap {
      try? TensorDescription(key, dtype: dtypes[key.name] ?? .f32, shape: $0.shape)
    }
  }

  func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    let bytes = try DType.f32.encode(contents[key.name]?.values ?? [])
    return try body(bytes.span.bytes)
  }
}
