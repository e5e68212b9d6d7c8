import Architectures
import Kernels

/// A block of a vision transformer: attention among all tokens and a perceptron, each after a
/// LayerNorm and added to what came in.
///
/// Layer scales γ are taken into the projections before them, γ · (W x + b) = (γW) x + γb, which
/// lets the matrix product add straight to the tokens.
struct TransformerBlock: Sendable {
  private let headCount: Int
  private let norm1: LayerNormalisation
  private let queryKeyValue: AttentionProjection
  private let positions: RelativePositionBias?
  private let projection: LinearLayer
  private let norm2: LayerNormalisation
  private let perceptron: Perceptron

  init(
    _ loader: WeightLoader, block: Int, _ geometry: SegmenterGeometry,
    sharedPositions: RelativePositionBias?
  ) throws {
    let hidden = geometry.hidden
    let role: Role = "blocks[\(block)]"
    headCount = geometry.heads
    norm1 = try LayerNormalisation(loader, "\(role).norm1", hidden)
    norm2 = try LayerNormalisation(loader, "\(role).norm2", hidden)
    queryKeyValue = try AttentionProjection(loader, "\(role).attention", hidden: hidden)
    positions =
      try RelativePositionBias(loader, "\(role).attention.relativePositionBias", geometry)
      ?? sharedPositions
    projection = try LinearLayer(
      loader, "\(role).attention.projection", inputs: hidden, outputs: hidden,
      scaledBy: loader.values("\(role).layerScale1", count: hidden, orElse: 1))
    perceptron = try Perceptron(
      loader, "\(role).mlp", hidden: hidden, mlp: geometry.mlp,
      scaledBy: loader.values("\(role).layerScale2", count: hidden, orElse: 1))
  }

  /// - Parameter tokens: `[tokens, hidden]`, those before the grid's included; changed in place
  func apply(to tokens: Matrix, workspace: Workspace) {
    let normalised = norm1(tokens, from: workspace)
    let joint = queryKeyValue.layer(normalised, from: workspace)
    let context = normalised
    attention(
      queryKeyValue: joint, headCount: headCount, bias: positions, workspace: workspace,
      into: context)
    projection(context, accumulate: true, into: tokens)
    norm2(tokens, into: normalised)
    perceptron(normalised, accumulate: true, workspace: workspace, into: tokens)
  }
}

extension RelativePositionBias {
  /// The table that plays the role, or nil when the checkpoint has none.
  init?(_ loader: WeightLoader, _ role: Role, _ geometry: SegmenterGeometry) throws {
    guard loader.contains(role) else { return nil }
    let table = try loader.matrix(
      role, shape: [geometry.relativePositionCount, geometry.heads])
    self.init(table: table, gridHeight: geometry.gridHeight, gridWidth: geometry.gridWidth)
  }
}
