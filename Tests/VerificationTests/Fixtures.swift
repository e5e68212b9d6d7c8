import Architectures
import Checkpoints
import Diagnostics
import Foundation
import Inflation
import Segmenter
import Synchronization
import Tensors
import Testing

@testable import Verification

/// Conversions of the paper's small model, whose every check can be run in a moment.
enum Sample {
  static func path(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/\(name)").path
  }

  static func golden(_ name: String) throws -> any TensorSource {
    try openCheckpoint(at: path("transseg/\(name)"))
  }

  private static let sources = Mutex<[String: EditedSource]>([:])
  private static let conversions = Mutex<[String: EditedSource]>([:])

  /// The 2D model with the goldens' decoder: a whole segmenter, as no golden is.
  static func source(_ folder: String = "beit") throws -> EditedSource {
    try sources.made(folder) {
      try EditedSource([
        golden("\(folder)/source.safetensors"), golden("beit/decoder.safetensors"),
      ])
    }
  }

  /// The source inflated by a strategy and nothing else, once for all tests.
  static func conversion(
    _ strategy: DepthStrategy, grid: Int = 4, of folder: String = "beit"
  ) throws -> EditedSource {
    try conversions.made("\(folder), \(strategy.name), \(grid)") {
      try converted(source(folder), options(strategy, grid: grid))
    }
  }

  static func options(
    _ strategy: DepthStrategy, grid: Int = 4, _ change: (inout ConversionOptions) -> Void = { _ in }
  ) throws -> ConversionOptions {
    var options = try ConversionOptions(imageSize: [16 * grid, 16 * grid, 5])
    options.patchEmbedding = strategy
    change(&options)
    return options
  }

  static func converted(
    _ source: any TensorSource, _ options: ConversionOptions, to target: String = "transseg-beit",
    hints: RecognitionHints = RecognitionHints()
  ) throws -> EditedSource {
    let catalogue = try FamilyCatalogue.builtIn()
    let model = try catalogue.recognise(source, hints: hints)
    let plan = try PlanBuilder(
      source: source, model: model, target: catalogue.family(target),
      catalogue: catalogue, options: options
    ).plan()
    let output = NSTemporaryDirectory() + "verification-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: output) }
    let conversion = Conversion(plan: plan, source: source)
    try conversion.write(
      to: CheckpointOutput(path: output, replacing: false), record: conversion.record())
    return try EditedSource([SafetensorsCheckpoint(path: output)])
  }

  static func verify(
    _ checkpoint: any TensorSource, against source: (any TensorSource)? = nil,
    hints: RecognitionHints = RecognitionHints(),
    fixtures: [String] = [], references: [ReferenceVolume] = [],
    bounds: SegmentationBounds = SegmentationBounds(), drawsSlices: Bool = false
  ) throws -> VerificationReport {
    try Verifier(
      catalogue: .builtIn(), source: source, sourceHints: hints, fixtures: fixtures,
      references: references, bounds: bounds, drawsSlices: drawsSlices
    ).verify(checkpoint, hints: hints)
  }

  static func model(_ checkpoint: any TensorSource) throws -> SegmentationModel {
    try SegmentationModel(
      model: FamilyCatalogue.builtIn().recognise(checkpoint), source: checkpoint)
  }
}

extension Mutex<[String: EditedSource]> {
  /// What was made under the name before, or is made now.
  func made(
    _ name: String, _ make: () throws -> EditedSource
  ) throws -> EditedSource {
    if let known = withLock({ $0[name] }) { return known }
    let made = try make()
    withLock { $0[name] = made }
    return made
  }
}

extension VerificationReport {
  func check(_ id: String) throws -> Check {
    try #require(checks.first { $0.id == id }, "\(id) was not asked")
  }

  var shortfalls: [String] { checks.filter { $0.verdict == .fallShort }.map(\.id) }
}

extension DepthStrategy {
  /// One of each kind.
  static let examples: [DepthStrategy] = [
    .average, .center, .first, .last, .gaussian(1.5), .linear, .trilinear,
  ]

  /// The two of the paper.
  static let published: [DepthStrategy] = [.average, .center]
}
