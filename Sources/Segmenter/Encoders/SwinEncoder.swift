import Architectures
import Diagnostics
import Kernels
import Tensors

/// Swin in two and in three dimensions, V1 and V2: patch embedding, then stages of blocks, each at
/// half the resolution and twice the channels of the one before.
///
/// It takes windows of any size.
struct SwinEncoder: Encoder {
  private let patchEmbedding: PatchEmbedding
  private let embeddingNorm: LayerNormalisation?
  private let positions: Matrix?
  private let stages: [SwinStage]
  private let finalNorm: LayerNormalisation?
  private let conventions: SwinConventions
  private let epsilon: Double

  init(_ loader: WeightLoader) throws {
    let model = loader.model
    try SegmenterGeometry.checkPositive(model)
    let hidden = try model.parameter("embedding")
    conventions = SwinConventions(model.family)
    epsilon = try loader.layerNormEpsilon()
    patchEmbedding = try PatchEmbedding(
      loader, hidden: hidden, channels: model.parameter("channels"),
      patch: SwinEncoder.extents("patch", of: model))
    embeddingNorm = try LayerNormalisation(loader, optional: "patchEmbedding.norm", hidden)
    positions =
      loader.contains("positionEmbedding")
      ? try loader.matrix(
        "positionEmbedding",
        shape: [model.parameter("gridHeight") * model.parameter("gridWidth"), hidden]) : nil
    let count = try model.parameter("stages")
    guard count <= 8 else { throw Fault(.unsupportedModel, "\(count) stages") }
    let window = try SwinEncoder.extents("window", of: model)
    stages = try (0..<count).map { [conventions] stage in
      try SwinStage(loader, stage: stage, hidden: hidden << stage, window: window, conventions)
    }
    finalNorm = try LayerNormalisation(loader, optional: "finalNorm", hidden << (count - 1))
  }

  /// Height, width and depth, the last being 1 for an image model.
  private static func extents(_ name: String, of model: RecognisedModel) throws -> [Int] {
    let plane = try ["Height", "Width"].map { try model.parameter(name + $0) }
    return plane + [model.parameters["\(name)Depth"] ?? 1]
  }

  func features(of window: FloatTensor, _ pass: inout ForwardPass) throws -> [FeatureMap] {
    var map = try embedded(window, &pass)
    var features: [FeatureMap] = []
    if conventions.givesHiddenStates { features.append(hiddenState(of: map, pass.workspace)) }
    for (index, stage) in stages.enumerated() {
      map = try stage.runBlocks(on: map, &pass)
      if !conventions.givesHiddenStates {
        features.append(try feature(of: map, stage, index, &pass))
      }
      guard let merged = stage.merged(map, pass.workspace) else { continue }
      map = merged
      try pass.look(at: map, as: "stages[\(index)].merge")
      if conventions.givesHiddenStates { features.append(hiddenState(of: map, pass.workspace)) }
    }
    if let finalNorm {
      try pass.look(at: finalNorm(map, from: pass.workspace), as: "finalNorm")
    }
    return features
  }

  private func embedded(_ window: FloatTensor, _ pass: inout ForwardPass) throws -> FeatureMap {
    let grid = patchEmbedding.grid(for: window.shape)
    let map = FeatureMap(
      height: grid[0], width: grid[1], depth: grid[2], channels: patchEmbedding.hidden,
      from: pass.workspace)
    patchEmbedding.apply(to: window, workspace: pass.workspace, into: map.pixels)
    embeddingNorm?(map.pixels, into: map.pixels)
    try pass.look(at: map, as: "patchEmbedding")
    if let positions {
      guard positions.rowCount == map.pixelCount else {
        throw Fault(
          .windowShape,
          "\(map.pixelCount) tokens, where the position embedding has \(positions.rowCount)")
      }
      add(positions, to: map.pixels)
    }
    return map
  }

  /// The map as the paper's decoders read it: through the stage's norm where it has one, the middle
  /// slice of several.
  private func feature(
    of map: FeatureMap, _ stage: SwinStage, _ index: Int, _ pass: inout ForwardPass
  ) throws -> FeatureMap {
    var feature = map
    if let norm = stage.norm {
      feature = norm(map, from: pass.workspace)
      try pass.look(at: feature, as: "stages[\(index)].norm")
    }
    guard feature.depth > 1 || feature.pixels.rowStride != feature.channelCount else {
      return feature.copied(from: pass.workspace)
    }
    return feature.slice(feature.depth / 2, from: pass.workspace)
  }

  private func hiddenState(of map: FeatureMap, _ workspace: Workspace) -> FeatureMap {
    LayerNormalisation.plain(map.channelCount, epsilon: epsilon)(map, from: workspace)
  }

  var activationNames: [String] {
    ["patchEmbedding"]
      + stages.indices.flatMap { stage in
        stages[stage].activationNames
          + (stages[stage].norm != nil && !conventions.givesHiddenStates
            ? ["stages[\(stage)].norm"] : [])
          + (stages[stage].hasMerging ? ["stages[\(stage)].merge"] : [])
      } + (finalNorm == nil ? [] : ["finalNorm"])
  }
}

/// The blocks of one resolution and the merging after them.
struct SwinStage: Sendable {
  private let index: Int
  /// MONAI's second version convolves before the blocks.
  private let convolution: ConvolutionUnit?
  private let blocks: [SwinBlock]
  private let merging: PatchMerging?
  let norm: LayerNormalisation?

  init(
    _ loader: WeightLoader, stage: Int, hidden: Int, window: [Int], _ conventions: SwinConventions
  ) throws {
    index = stage
    let role: Role = "stages[\(stage)]"
    convolution =
      loader.contains("\(role).convolution.conv1.conv.weight")
      ? try ConvolutionUnit(
        loader, "\(role).convolution", inputs: hidden, outputs: hidden,
        scale: stage + 1, isResidual: true) : nil
    let mlp = try loader.model.parameter("mlpRatio") * hidden
    blocks = try (0..<loader.model.parameter("depth[\(stage)]")).map { block in
      try SwinBlock(
        loader, stage: stage, block: block, window: window, hidden: hidden, mlp: mlp, conventions)
    }
    merging = try PatchMerging(loader, stage: stage, hidden: hidden)
    norm = try LayerNormalisation(loader, optional: "\(role).norm", hidden)
  }

  var hasMerging: Bool { merging != nil }

  func runBlocks(on input: FeatureMap, _ pass: inout ForwardPass) throws -> FeatureMap {
    var map = input
    if let convolution {
      map = input.sibling(channels: input.channelCount, from: pass.workspace)
      convolution.apply(to: input, workspace: pass.workspace, into: map)
      try pass.look(at: map, as: "stages[\(index)].convolution")
    }
    for (number, block) in blocks.enumerated() {
      block.apply(to: map, workspace: pass.workspace)
      try pass.look(at: map, as: "stages[\(index)].blocks[\(number)]")
    }
    return map
  }

  func merged(_ map: FeatureMap, _ workspace: Workspace) -> FeatureMap? {
    merging?.apply(to: map, workspace: workspace)
  }

  var activationNames: [String] {
    (convolution == nil ? [] : ["stages[\(index)].convolution"])
      + blocks.indices.map { "stages[\(index)].blocks[\($0)]" }
  }
}
