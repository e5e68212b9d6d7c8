import Architectures
import Kernels

/// Joins each square of four pixels, or cube of eight, to one of twice the channels: side by side,
/// LayerNorm before or after, a linear layer. An odd last row, column or slice is completed with
/// zeros.
struct PatchMerging: Sendable {
  /// 2 along each axis that is halved: height, width, depth.
  private let factors: [Int]
  private let norm: LayerNormalisation?
  private let reduction: LinearLayer
  private let outputNorm: LayerNormalisation?

  /// The merging of a stage, or nil when it has none.
  init?(_ loader: WeightLoader, stage: Int, hidden: Int) throws {
    let role: Role = "stages[\(stage)].merge"
    guard loader.contains("\(role).reduction.weight") else { return nil }
    // Video Swin keeps its slices; the canonical form has an axis for each that is halved.
    let axes = try loader.canonicalShape(of: "\(role).reduction.weight").count - 2
    factors = [2, 2, axes == 3 ? 2 : 1]
    let corners = [Int](repeating: 2, count: axes)
    let joined = corners.reduce(hidden, *)
    norm =
      loader.contains("\(role).norm.weight")
      ? try LayerNormalisation(loader, "\(role).norm", shape: corners + [hidden]) : nil
    outputNorm = try LayerNormalisation(loader, optional: "\(role).outputNorm", 2 * hidden)
    let weights = try loader.values(
      "\(role).reduction.weight", shape: [2 * hidden] + corners + [hidden])
    reduction = LinearLayer(weights: Matrix(rows: 2 * hidden, columns: joined, values: weights))
  }

  func apply(to map: FeatureMap, workspace: Workspace) -> FeatureMap {
    let joined = spaceToChannels(map, factors: factors, workspace: workspace)
    norm?(joined.pixels, into: joined.pixels)
    let merged = joined.with(pixels: reduction(joined.pixels, from: workspace))
    outputNorm?(merged.pixels, into: merged.pixels)
    return merged
  }
}
