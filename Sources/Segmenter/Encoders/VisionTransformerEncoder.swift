import Architectures
import Diagnostics
import Kernels
import Tensors

/// Vision transformers whose blocks all have one width, in two and in three dimensions: ViT, DeiT,
/// DINO, DINOv2, MAE, CLIP, BEiT, MONAI's ViT. What a checkpoint has no weights for, the model does
/// without: position embedding, tokens before the grid's, layer scales, norms at either end.
struct VisionTransformerEncoder: Encoder {
  private let geometry: SegmenterGeometry
  private let patchEmbedding: PatchEmbedding
  /// `[prefix tokens, hidden]`: class token, distillation token, registers, positions included.
  private let prefix: Matrix
  /// `[tokens, hidden]`, for the grid.
  private let positions: Matrix?
  private let preNorm: LayerNormalisation?
  private let blocks: [TransformerBlock]
  private let finalNorm: LayerNormalisation?
  private let decoderLayers: [Int]
  /// Whether the last feature goes through the final norm, as MONAI's UNETR reads it.
  private let normalisesLastFeature: Bool

  init(_ loader: WeightLoader, _ geometry: SegmenterGeometry) throws {
    self.geometry = geometry
    let hidden = geometry.hidden
    guard loader.model.family.constant("attentionWindow") == nil else {
      throw Fault(
        .unsupportedModel, "attention in windows of one width has no forward pass here")
    }
    patchEmbedding = try PatchEmbedding(
      loader, hidden: hidden, channels: geometry.channels,
      patch: [geometry.patchHeight, geometry.patchWidth, geometry.patchDepth])
    (prefix, positions) = try VisionTransformerEncoder.startingTokens(loader, geometry)
    preNorm = try LayerNormalisation(loader, optional: "preNorm", hidden)
    finalNorm = try LayerNormalisation(loader, optional: "finalNorm", hidden)
    let shared = try RelativePositionBias(loader, "relativePositionBias.shared", geometry)
    blocks = try (0..<geometry.depth).map { block in
      try TransformerBlock(loader, block: block, geometry, sharedPositions: shared)
    }
    decoderLayers = loader.model.decoderLayers
    normalisesLastFeature = loader.model.family.id == "monai-unetr"
  }

  /// The tokens before the grid's and the grid's positions. Some of the former have a row of the
  /// position embedding, as the family's description says.
  private static func startingTokens(
    _ loader: WeightLoader, _ geometry: SegmenterGeometry
  ) throws -> (prefix: Matrix, positions: Matrix?) {
    let hidden = geometry.hidden
    var tokens: [(role: Role, values: [Float])] = []
    for role in ["classToken", "distillationToken"] as [Role] where loader.contains(role) {
      tokens.append((role, try loader.values(role, shape: [1, 1, hidden])))
    }
    let positioned = loader.model.tensors["positionEmbedding"]?.rule.prefixRows ?? []
    var embedding: [Float]?
    if loader.contains("positionEmbedding") {
      embedding = try loader.values(
        "positionEmbedding", shape: [positioned.count + geometry.tokenCount, hidden])
    }
    for (row, role) in positioned.enumerated() {
      guard let index = tokens.firstIndex(where: { $0.role == role }) else { continue }
      for channel in 0..<hidden {
        tokens[index].values[channel] += embedding?[row * hidden + channel] ?? 0
      }
    }
    var values = tokens.flatMap(\.values)
    if loader.contains("registerTokens") {
      let count = try loader.model.parameter("registers")
      values += try loader.values("registerTokens", shape: [1, count, hidden])
    }
    let prefix = Matrix(rows: values.count / hidden, columns: hidden, values: values)
    return (
      prefix,
      embedding.map {
        Matrix(
          rows: geometry.tokenCount, columns: hidden,
          values: Array($0.dropFirst(positioned.count * hidden)))
      }
    )
  }

  func features(of window: FloatTensor, _ pass: inout ForwardPass) throws -> [FeatureMap] {
    let tokens = Matrix(
      rows: prefix.rowCount + geometry.tokenCount, columns: geometry.hidden, from: pass.workspace)
    let grid = tokens.rows(prefix.rowCount..<tokens.rowCount)
    prefix.copy(to: tokens.rows(0..<prefix.rowCount))
    patchEmbedding.apply(to: window, workspace: pass.workspace, into: grid)
    try pass.look(at: grid, as: "patchEmbedding")
    if let positions { add(positions, to: grid) }
    preNorm?(tokens, into: tokens)
    var features: [Int: FeatureMap] = [:]
    for (index, block) in blocks.enumerated() {
      block.apply(to: tokens, workspace: pass.workspace)
      try pass.look(at: grid, as: "blocks[\(index)]")
      if decoderLayers.contains(index) { features[index] = map(of: grid, pass.workspace) }
    }
    if let finalNorm {
      let normalised = finalNorm(grid, from: pass.workspace)
      try pass.look(at: normalised, as: "finalNorm")
      if normalisesLastFeature, let last = decoderLayers.last {
        features[last] = map(of: normalised, pass.workspace)
      }
    }
    return decoderLayers.compactMap { features[$0] }
  }

  /// A copy of the tokens as a map, since the next block overwrites them.
  private func map(of tokens: Matrix, _ workspace: Workspace) -> FeatureMap {
    let map = FeatureMap(
      height: geometry.gridHeight, width: geometry.gridWidth, depth: geometry.gridDepth,
      channels: geometry.hidden, from: workspace)
    tokens.copy(to: map.pixels)
    return map
  }

  var activationNames: [String] {
    ["patchEmbedding"] + blocks.indices.map { "blocks[\($0)]" }
      + (finalNorm == nil ? [] : ["finalNorm"])
  }
}
