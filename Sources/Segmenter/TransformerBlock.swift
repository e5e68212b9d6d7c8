import Architectures
import Kernels

/// A BEiT block: attention with relative positions and a perceptron, each after a LayerNorm and
/// added to what came in.
///
/// The layer scales γ are taken into the projections before them, γ · (W x + b) = (γW) x + γb,
/// which lets the matrix product add straight to the tokens.
struct TransformerBlock: Sendable {
  private let headCount: Int
  private let norm1: LayerNormalisation
  private let queryKeyValue: LinearLayer
  private let positions: RelativePositionBias?
  private let projection: LinearLayer
  private let norm2: LayerNormalisation
  private let expansion: LinearLayer
  private let contraction: LinearLayer

  init(
    _ loader: WeightLoader, block: Int, _ geometry: SegmenterGeometry, epsilon: Double,
    sharedPositions: RelativePositionBias?
  ) throws {
    let hidden = geometry.hidden
    let role: Role = "blocks[\(block)]"
    headCount = geometry.heads
    norm1 = try LayerNormalisation(loader, "\(role).norm1", hidden, epsilon)
    norm2 = try LayerNormalisation(loader, "\(role).norm2", hidden, epsilon)
    // Keys have no bias: it would add the same to all of a query's scores.
    queryKeyValue = LinearLayer(
      weights: try loader.matrix(
        "\(role).attention.queryKeyValue.weight", shape: [3 * hidden, hidden]),
      bias: try loader.values("\(role).attention.query.bias", count: hidden, orElse: 0)
        + [Float](repeating: 0, count: hidden)
        + loader.values("\(role).attention.value.bias", count: hidden, orElse: 0))
    positions =
      try RelativePositionBias(loader, "\(role).attention.relativePositionBias", geometry)
      ?? sharedPositions
    projection = try LinearLayer(
      loader, "\(role).attention.projection", inputs: hidden, outputs: hidden,
      scaledBy: loader.values("\(role).layerScale1", count: hidden, orElse: 1))
    expansion = try LinearLayer(
      loader, "\(role).mlp.fc1", inputs: hidden, outputs: geometry.mlp, activation: .gelu)
    contraction = try LinearLayer(
      loader, "\(role).mlp.fc2", inputs: geometry.mlp, outputs: hidden,
      scaledBy: loader.values("\(role).layerScale2", count: hidden, orElse: 1))
  }

  /// - Parameter tokens: `[tokens + 1, hidden]`, the class token first; changed in place
  func apply(to tokens: Matrix, workspace: Workspace) {
    let normalised = Matrix(
      rows: tokens.rowCount, columns: tokens.columnCount, from: workspace)
    norm1(tokens, into: normalised)
    let joint = queryKeyValue(normalised, from: workspace)
    let context = normalised
    attention(
      queryKeyValue: joint, headCount: headCount, bias: positions, workspace: workspace,
      into: context)
    projection(context, accumulate: true, into: tokens)
    norm2(tokens, into: normalised)
    contraction(expansion(normalised, from: workspace), accumulate: true, into: tokens)
  }
}

struct LayerNormalisation: Sendable {
  private let weight: [Float]
  private let bias: [Float]
  private let epsilon: Double

  init(_ loader: WeightLoader, _ role: Role, _ hidden: Int, _ epsilon: Double) throws {
    weight = try loader.values("\(role).weight", shape: [hidden])
    bias = try loader.values("\(role).bias", shape: [hidden])
    self.epsilon = epsilon
  }

  func callAsFunction(_ input: Matrix, into output: Matrix) {
    layerNorm(input, weight: weight, bias: bias, epsilon: epsilon, into: output)
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
