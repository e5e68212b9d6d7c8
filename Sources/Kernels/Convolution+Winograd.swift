import CKernels

extension Convolution {
  static func transformed(_ weights: [Float], inputs: Int, outputs: Int) -> FloatBuffer {
    let panels = Panels.count(for: outputs)
    let packed = FloatBuffer(count: 36 * panels * inputs * Panels.width)
    weights.withUnsafeBufferPointer { weights in
      parallelFor(panels) { panel in
        ck_square_weights(weights.baseAddress!, inputs, outputs, panel, panels, packed.base)
      }
    }
    return packed
  }

  /// The map in 4 × 4 tiles: each tile's 6 × 6 inputs are transformed, 36 matrix products run over
  /// the channels, and their results are transformed to the tile's outputs.
  ///
  /// A block of tiles at a time bounds the memory for the transformed values.
  func convolveByWinograd(
    _ input: FeatureMap, _ weights: FloatBuffer, workspace: Workspace?, into output: FeatureMap
  ) {
    let grid = TileGrid(height: input.height, width: input.width)
    let (inputs, outputs) = (inputChannels, outputChannels)
    let inputScratch = FloatBuffer(count: 36 * grid.blockSize * inputs, from: workspace)
    let productScratch = FloatBuffer(count: 36 * grid.blockSize * outputs, from: workspace)
    let kernels = InstructionSet.kernels
    withMaps(input, output) { source, target in
      for start in stride(from: 0, to: grid.tileCount, by: grid.blockSize) {
        let count = min(grid.blockSize, grid.tileCount - start)
        parallelFor(count) { tile in
          let (y, x) = grid.tile(start + tile)
          withUnsafePointer(to: source) {
            kernels.square_input($0, y, x, inputScratch.base + tile * inputs, count * inputs)
          }
        }
        parallelFor(36) { position in
          var product = ck_matrix_product(
            left: inputScratch.base + position * count * inputs, left_stride: inputs,
            row_count: count, inner: inputs,
            panels: weights.base + position * Panels.padded(outputs) * inputs, bias: nil,
            output: productScratch.base + position * count * outputs, output_stride: outputs,
            columns: outputs, accumulate: 0)
          kernels.matrix_product(&product)
        }
        parallelFor(count) { tile in
          let (y, x) = grid.tile(start + tile)
          withUnsafePointer(to: target) {
            kernels.square_output(
              productScratch.base + tile * outputs, count * outputs, bias.base, slope, $0, y, x)
          }
        }
      }
    }
  }
}

/// A map cut into 4 × 4 tiles, row by row; the last ones may reach beyond it.
private struct TileGrid {
  let height: Int
  let width: Int
  var tilesAcross: Int { (width + 3) / 4 }
  var tileCount: Int { (height + 3) / 4 * tilesAcross }

  /// Blocks of equal size, of at most 256 tiles: enough rows for the products to repay reading the
  /// weights, which are larger than any cache.
  var blockSize: Int {
    let blocks = (tileCount + 255) / 256
    return (tileCount + blocks - 1) / blocks
  }

  /// Where the tile's outputs begin.
  func tile(_ index: Int) -> (y: Int, x: Int) {
    let (row, column) = index.quotientAndRemainder(dividingBy: tilesAcross)
    return (row * 4, column * 4)
  }
}
