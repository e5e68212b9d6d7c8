import Architectures
import Kernels

#if canImport(Glibc)
  import Glibc
#endif

/// A Swin block: attention within windows and a perceptron, each added to what came in, with a
/// LayerNorm before each (V1) or after each (V2).
struct SwinBlock: Sendable {
  private let conventions: SwinConventions
  private let heads: Int
  /// Height, width, depth.
  private let window: [Int]
  private let shifts: Bool
  private let norm1: LayerNormalisation
  private let queryKeyValue: AttentionProjection
  private let bias: WindowBias
  private let scoring: WindowAttention.Scoring
  private let projection: LinearLayer
  private let norm2: LayerNormalisation
  private let perceptron: Perceptron

  init(
    _ loader: WeightLoader, stage: Int, block: Int, window: [Int], hidden: Int, mlp: Int,
    _ conventions: SwinConventions
  ) throws {
    let role: Role = "stages[\(stage)].blocks[\(block)]"
    self.conventions = conventions
    self.window = window
    heads = try loader.model.parameter("heads[\(stage)]")
    shifts = block % 2 == 1
    norm1 = try LayerNormalisation(loader, "\(role).norm1", hidden)
    norm2 = try LayerNormalisation(loader, "\(role).norm2", hidden)
    queryKeyValue = try AttentionProjection(loader, "\(role).attention", hidden: hidden)
    bias = try WindowBias(
      loader, "\(role).attention", window: window, heads: heads,
      tokenOrder: conventions.tokenOrder)
    if loader.contains("\(role).attention.logitScale") {
      let scales = try loader.values("\(role).attention.logitScale", shape: [heads])
      // At most a hundredfold, in the paper's words.
      scoring = .cosine(scales.map { exp(min($0, log(100))) })
    } else {
      scoring = .scaled
    }
    projection = try LinearLayer(
      loader, "\(role).attention.projection", inputs: hidden, outputs: hidden)
    perceptron = try Perceptron(loader, "\(role).mlp", hidden: hidden, mlp: mlp)
  }

  /// - Parameter map: changed in place
  func apply(to map: FeatureMap, workspace: Workspace) {
    let tokens = map.pixels
    let branch = Matrix(rows: tokens.rowCount, columns: tokens.columnCount, from: workspace)
    if conventions.isPostNorm {
      attend(tokens, map, workspace, into: branch)
      projectInPlace(branch, workspace)
      norm1(branch, into: branch)
      add(branch, to: tokens)
      perceptron(tokens, accumulate: false, workspace: workspace, into: branch)
      norm2(branch, into: branch)
      add(branch, to: tokens)
    } else {
      norm1(tokens, into: branch)
      attend(branch, map, workspace, into: branch)
      projection(branch, accumulate: true, into: tokens)
      norm2(tokens, into: branch)
      perceptron(branch, accumulate: true, workspace: workspace, into: tokens)
    }
  }

  private func projectInPlace(_ branch: Matrix, _ workspace: Workspace) {
    let projected = projection(branch, from: workspace)
    projected.copy(to: branch)
  }

  /// The heads' results, before the projection. `output` may be `input`.
  private func attend(
    _ input: Matrix, _ map: FeatureMap, _ workspace: Workspace, into output: Matrix
  ) {
    let extents = [map.height, map.width, map.depth]
    let size = conventions.layout(extents: extents, window: window, shifts: shifts)
    let layout = WindowLayout(extents: extents, window: size.size, shift: size.shift)
    let joint = queryKeyValue.layer(input, from: workspace)
    WindowAttention(layout).apply(
      queryKeyValue: joint, padding: queryKeyValue.bias, headCount: heads,
      bias: bias.dense(for: size.size, workspace: workspace), scoring: scoring,
      workspace: workspace, into: output)
  }
}
