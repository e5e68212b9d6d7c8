import Architectures
import Diagnostics

/// Which of the source's blocks become the target's, when the target's depth is fixed or the user
/// picks some.
struct KeptBlocks {
  /// For each block of the target a block of the source, or nil when they are the same.
  let numbers: [Int]?

  /// - Parameter parameters: the target's; `depth` becomes the number of blocks that are kept.
  /// - Throws: `unsupported-geometry`.
  init(
    _ layers: [Int]?, model: RecognisedModel, target: Family, parameters: inout [String: Int]
  ) throws {
    guard let depth = model.parameters["depth"], let layers, !target.needsDecoderLayers else {
      try KeptBlocks.check(model.parameters["depth"], target)
      numbers = nil
      return
    }
    if let missing = layers.first(where: { $0 >= depth }) {
      throw Fault(
        .unsupportedGeometry, "there is no block \(missing) among the source's \(depth)",
        remedy: "they count from 0 to \(depth - 1)")
    }
    try KeptBlocks.check(layers.count, target)
    parameters["depth"] = layers.count
    numbers = layers
  }

  private static func check(_ depth: Int?, _ target: Family) throws {
    let fixed = target.geometry.fixed.first { $0.symbol == "depth" }?.value
    guard let depth, let fixed, depth != fixed else { return }
    throw Fault(
      .unsupportedGeometry, "\(target.title) has \(fixed) blocks, not \(depth)",
      remedy: "name \(fixed) of the source's, counted from 0: --layers 0,2,4,…")
  }
}
