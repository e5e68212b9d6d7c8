extension Convolution {
  /// The map in 4 × 4 tiles: each tile's 6 × 6 inputs are transformed, 36 matrix products run over
  /// the channels, and their results are transformed to the tile's outputs.
  ///
  /// A block of tiles at a time bounds the memory for the transformed values.
  func convolveByWinograd(
    _ input: FeatureMap, _ weights: WinogradWeights, workspace: Workspace?,
    into output: FeatureMap
  ) {
    let grid = TileGrid(height: input.height, width: input.width)
    let blockSize = grid.blockSize
    let channels = inputChannels
    let outputs = outputChannels
    let zeros = [Float](repeating: 0, count: channels)
    let inputScratch = Matrix(rows: 36 * blockSize, columns: channels, from: workspace)
    let productScratch = Matrix(rows: 36 * blockSize, columns: outputs, from: workspace)
    withRows(input.pixels, output.pixels, weights.positions) { source, target, weights in
      withRows(inputScratch, productScratch) { transformed, products in
        for start in stride(from: 0, to: grid.tileCount, by: blockSize) {
          let tiles = start..<min(grid.tileCount, start + blockSize)
          zeros.withUnsafeBufferPointer { zeros in
            parallelRanges(tiles.count, of: 4) { range in
              for tile in range {
                transformInput(
                  of: grid.tile(start + tile), grid, source, zeros: zeros.baseAddress!,
                  into: transformed.base + tile * channels,
                  positionStride: tiles.count * channels)
              }
            }
          }
          parallelFor(36) { position in
            let rows = position * tiles.count..<(position + 1) * tiles.count
            product(
              transformed.rows(rows),
              byTransposed: weights.rows(position * outputs..<(position + 1) * outputs),
              into: products.rows(rows))
          }
          parallelRanges(tiles.count, of: 4) { range in
            for tile in range {
              transformProducts(
                products.base + tile * outputs, positionStride: tiles.count * outputs,
                of: grid.tile(start + tile), grid, into: target)
            }
          }
        }
      }
    }
  }

  /// One tile's 6 × 6 inputs, channel by channel, to `target[position][channel]`.
  private func transformInput(
    of tile: (y: Int, x: Int), _ grid: TileGrid, _ source: Rows, zeros: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>, positionStride: Int
  ) {
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 36) { pixels in
      for position in 0..<36 {
        let y = tile.y - 1 + position / 6
        let x = tile.x - 1 + position % 6
        let inside = y >= 0 && y < grid.height && x >= 0 && x < grid.width
        pixels[position] = inside ? UnsafePointer(source.row(y * grid.width + x)) : zeros
      }
      withUnsafeTemporaryAllocation(of: Vector8.self, capacity: 36) { square in
        for channel in stride(from: 0, to: inputChannels, by: 8) {
          let count = min(8, inputChannels - channel)
          for column in 0..<6 {
            @inline(__always) func pixel(_ row: Int) -> Vector8 {
              .load(pixels[row * 6 + column] + channel, count: count)
            }
            (
              square[column], square[6 + column], square[12 + column], square[18 + column],
              square[24 + column], square[30 + column]
            ) = Winograd.transformInput(
              pixel(0), pixel(1), pixel(2), pixel(3), pixel(4), pixel(5))
          }
          for row in 0..<6 {
            let line = row * 6
            let result = Winograd.transformInput(
              square[line], square[line + 1], square[line + 2], square[line + 3],
              square[line + 4], square[line + 5])
            let place = target + line * positionStride + channel
            result.0.store(place, count: count)
            result.1.store(place + positionStride, count: count)
            result.2.store(place + 2 * positionStride, count: count)
            result.3.store(place + 3 * positionStride, count: count)
            result.4.store(place + 4 * positionStride, count: count)
            result.5.store(place + 5 * positionStride, count: count)
          }
        }
      }
    }
  }

  /// One tile's 36 products to its outputs, with bias and activation; what lies beyond the map is
  /// left out.
  private func transformProducts(
    _ products: UnsafePointer<Float>, positionStride: Int, of tile: (y: Int, x: Int),
    _ grid: TileGrid, into target: Rows
  ) {
    let heightLeft = min(4, grid.height - tile.y)
    let widthLeft = min(4, grid.width - tile.x)
    withUnsafeTemporaryAllocation(of: Vector8.self, capacity: 24) { square in
      for channel in stride(from: 0, to: outputChannels, by: 8) {
        let count = min(8, outputChannels - channel)
        for column in 0..<6 {
          @inline(__always) func product(_ row: Int) -> Vector8 {
            .load(products + (row * 6 + column) * positionStride + channel, count: count)
          }
          (square[column], square[6 + column], square[12 + column], square[18 + column]) =
            Winograd.transformOutput(
              product(0), product(1), product(2), product(3), product(4), product(5))
        }
        let bias = bias.withUnsafeBufferPointer {
          Vector8.load($0.baseAddress! + channel, count: count)
        }
        for row in 0..<heightLeft {
          let line = row * 6
          let (y0, y1, y2, y3) = Winograd.transformOutput(
            square[line], square[line + 1], square[line + 2], square[line + 3], square[line + 4],
            square[line + 5])
          let pixel = (tile.y + row) * grid.width + tile.x
          @inline(__always) func put(_ column: Int, _ value: Vector8) {
            guard column < widthLeft else { return }
            activated(value + bias).store(target.row(pixel + column) + channel, count: count)
          }
          put(0, y0)
          put(1, y1)
          put(2, y2)
          put(3, y3)
        }
      }
    }
  }

  @inline(__always)
  private func activated(_ value: Vector8) -> Vector8 {
    switch activation {
    case .none: value
    case .rectified: value.replacing(with: 0, where: value .< 0)
    case .leaky: value.replacing(with: value * leakySlope, where: value .< 0)
    case .gelu: gelu(value)
    case .tanhGELU: tanhGELU(value)
    case .quickGELU: value / (1 + exponential(value * -1.702))
    }
  }
}

/// A map cut into 4 × 4 tiles, row by row; the last ones may reach beyond it.
private struct TileGrid {
  let height: Int
  let width: Int
  var tilesAcross: Int { (width + 3) / 4 }
  var tileCount: Int { (height + 3) / 4 * tilesAcross }

  /// Blocks of equal size, of at most 256 tiles: enough rows for the products to repay packing the
  /// weights.
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
