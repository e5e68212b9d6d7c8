import Architectures
import Kernels

/// What BEiT puts before UPerNet: a transformer's maps, all of the token grid's size, brought to 4,
/// 2, 1 and ½ times that.
struct UPerNetPyramid: Sendable {
  private let doubling: [TransposedConvolution]
  private let quadrupling: TransposedConvolution

  init(_ loader: WeightLoader) throws {
    let hidden = try loader.model.parameter("hidden")
    doubling = [
      try TransposedConvolution(
        loader, "decoder.pyramid[0].upsample[0]", hidden, norm: "decoder.pyramid[0].norm"),
      try TransposedConvolution(loader, "decoder.pyramid[1].upsample[0]", hidden),
    ]
    quadrupling = try TransposedConvolution(loader, "decoder.pyramid[0].upsample[1]", hidden)
  }

  func level(_ level: Int, of grid: FeatureMap, _ workspace: Workspace) -> FeatureMap {
    switch level {
    case 0: return quadrupling.doubled(doubling[0].doubled(grid, workspace), workspace)
    case 1: return doubling[1].doubled(grid, workspace)
    case 2: return grid
    default:
      let half = FeatureMap(
        height: grid.height / 2, width: grid.width / 2, channels: grid.channelCount,
        from: workspace)
      maxPool(grid, into: half)
      return half
    }
  }
}
