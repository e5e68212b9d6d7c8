import CKernels

extension VolumeConvolution {
  /// The volume in 4 × 4 × 4 tiles: each tile's 6 × 6 × 6 inputs are transformed, 216 matrix
  /// products run over the channels, and their results are transformed to the tile's outputs.
  ///
  /// A block of tiles at a time, so few that their transformed values stay in the second cache, or
  /// so many that the weights, when these are the larger part, are read a few times only.
  func convolveByWinograd(
    _ input: FeatureMap, _ weights: FloatBuffer, _ transform: ChannelTransform,
    workspace: Workspace?, into output: FeatureMap
  ) -> ChannelMoments {
    let grid = VolumeTiles(input)
    let blockSize = grid.blockSize(inputs: inputChannels, outputs: outputChannels)
    let blocks = (grid.count + blockSize - 1) / blockSize
    let innerStride = Panels.padded(inputChannels)
    let outerStride = Panels.padded(outputChannels)
    let pieces = MomentPieces(count: blocks, channels: outputChannels)
    let kernels = InstructionSet.kernels
    withMaps(input, output) { source, target in
      transform.withPointwise { pointwise in
        parallelFor(blocks) { block in
          let first = block * blockSize
          let tiles = min(blockSize, grid.count - first)
          let inputPlane = VolumeConvolution.spread(tiles * innerStride)
          let outputPlane = VolumeConvolution.spread(tiles * outerStride)
          let transformed = FloatBuffer(count: 216 * inputPlane, from: workspace)
          let products = FloatBuffer(count: 216 * outputPlane, from: workspace)
          var (source, target) = (source, target)
          for tile in 0..<tiles {
            let (y, x, z) = grid.tile(first + tile)
            kernels.winograd_input(
              &source, pointwise, y, x, z, transformed.base + tile * innerStride, inputPlane)
          }
          kernels.winograd_multiply(
            transformed.base, tiles, inputChannels, innerStride, inputPlane, weights.base,
            Panels.count(for: outputChannels), products.base, outputPlane)
          pieces.withPiece(block) { moments in
            for tile in 0..<tiles {
              let (y, x, z) = grid.tile(first + tile)
              kernels.winograd_output(
                products.base + tile * outerStride, outputPlane, nil, 1, &target, y, x, z,
                moments)
            }
          }
        }
      }
    }
    return pieces.joined()
  }
}

extension VolumeConvolution {
  /// The distance of two positions, given what one takes up: an odd number of cache lines, so that
  /// the 216 places that a tile is written to are spread over all sets of the cache.
  private static func spread(_ count: Int) -> Int {
    let line = 16
    return (count + line - 1) / line % 2 == 0 ? count + line : count
  }
}

/// A volume cut into 4 × 4 × 4 tiles; the last ones may reach beyond it.
private struct VolumeTiles {
  private let rows: Int
  private let columns: Int
  private let slices: Int

  init(_ map: FeatureMap) {
    rows = (map.height + 3) / 4
    columns = (map.width + 3) / 4
    slices = (map.depth + 3) / 4
  }

  var count: Int { rows * columns * slices }

  /// Where the tile's outputs begin.
  func tile(_ index: Int) -> (y: Int, x: Int, z: Int) {
    let (line, slice) = index.quotientAndRemainder(dividingBy: slices)
    let (row, column) = line.quotientAndRemainder(dividingBy: columns)
    return (row * 4, column * 4, slice * 4)
  }

  /// Tiles in a block, from the layer's shape alone: results must not depend on the machine's
  /// number of threads.
  func blockSize(inputs: Int, outputs: Int) -> Int {
    let size =
      switch inputs * outputs {
      case ..<512: 24
      case ..<4096: 12
      case ..<8192: 6
      // Weights of 8 MB and more.
      default: min(54, max(12, (count + 7) / 8 / 6 * 6))
      }
    return max(1, min(size, (count + 1) / 2))
  }
}
