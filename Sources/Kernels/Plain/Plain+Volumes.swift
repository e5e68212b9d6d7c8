import Glibc

extension Plain {
  /// A 3 × 3 × 3 convolution with a frame of zeros; `weights` are `[outputs, inputs, 3, 3, 3]`.
  package static func convolve(
    volume input: FeatureMap, weights: [Float], outputs: Int
  ) -> FeatureMap {
    let inputs = input.channelCount
    let output = input.sibling(channels: outputs)
    forEachVoxel(of: output) { y, x, z, pixel in
      for channel in 0..<outputs {
        var sum = 0.0
        for tap in 0..<27 {
          let (dy, dx, dz) = (tap / 9 - 1, tap / 3 % 3 - 1, tap % 3 - 1)
          guard let source = self.pixel(of: input, y + dy, x + dx, z + dz) else { continue }
          for inner in 0..<inputs {
            sum +=
              Double(weights[(channel * inputs + inner) * 27 + tap])
              * Double(input.pixels[source, inner])
          }
        }
        output.pixels[pixel, channel] = Float(sum)
      }
    }
    return output
  }

  /// A transposed convolution with kernel 2 and stride 2; `weights` are `[inputs, outputs, 2, 2, 2]`.
  package static func convolveTransposed(
    volume input: FeatureMap, weights: [Float], outputs: Int
  ) -> FeatureMap {
    let output = FeatureMap(
      height: 2 * input.height, width: 2 * input.width, depth: 2 * input.depth, channels: outputs)
    forEachVoxel(of: output) { y, x, z, pixel in
      let source = (y / 2 * input.width + x / 2) * input.depth + z / 2
      let corner = (y % 2 * 2 + x % 2) * 2 + z % 2
      for channel in 0..<outputs {
        var sum = 0.0
        for inner in 0..<input.channelCount {
          sum +=
            Double(weights[(inner * outputs + channel) * 8 + corner])
            * Double(input.pixels[source, inner])
        }
        output.pixels[pixel, channel] = Float(sum)
      }
    }
    return output
  }

  /// Each channel's mean and variance over all pixels.
  package static func moments(of map: FeatureMap) -> ChannelMoments {
    let count = Double(map.pixels.rowCount)
    var means: [Double] = []
    var variances: [Double] = []
    for channel in 0..<map.channelCount {
      var sum = 0.0
      for pixel in 0..<map.pixels.rowCount { sum += Double(map.pixels[pixel, channel]) }
      let mean = sum / count
      var squares = 0.0
      for pixel in 0..<map.pixels.rowCount {
        let distance = Double(map.pixels[pixel, channel]) - mean
        squares += distance * distance
      }
      means.append(mean)
      variances.append(squares / count)
    }
    return ChannelMoments(mean: means, variance: variances)
  }

  /// See ``WindowAttention``. The windows are told apart by where a token stands after the shift,
  /// and so are the regions of a window that must not see each other.
  package static func attention(
    in layout: WindowLayout, queryKeyValue: Matrix, padding: [Float], headCount: Int, bias: Matrix
  ) -> Matrix {
    let hidden = queryKeyValue.columnCount / 3
    let headSize = hidden / headCount
    let output = Matrix(rows: queryKeyValue.rowCount, columns: hidden)
    let padded = zip(layout.counts, layout.window).map { $0 * $1 }
    for window in 0..<layout.windowCount {
      let tokens = (0..<layout.tokensInWindow).map { token in
        WindowToken(token, in: window, of: layout, padded: padded)
      }
      func value(_ token: WindowToken, _ column: Int) -> Double {
        Double(token.pixel.map { queryKeyValue[$0, column] } ?? padding[column])
      }
      for head in 0..<headCount {
        let columns = head * headSize..<(head + 1) * headSize
        for (row, query) in tokens.enumerated() {
          guard let pixel = query.pixel else { continue }
          let scores = tokens.enumerated().map { column, key in
            let product = columns.reduce(0) { $0 + value(query, $1) * value(key, hidden + $1) }
            return product / Double(headSize).squareRoot()
              + Double(bias[head * tokens.count + row, column])
              + (query.regions == key.regions ? 0 : -100)
          }
          let weights = softmax(scores)
          for column in columns {
            output[pixel, column] = Float(
              tokens.indices.reduce(0) { $0 + weights[$1] * value(tokens[$1], 2 * hidden + column) }
            )
          }
        }
      }
    }
    return output
  }

  private static func forEachVoxel(
    of map: FeatureMap, _ body: (_ y: Int, _ x: Int, _ z: Int, _ pixel: Int) -> Void
  ) {
    for pixel in 0..<map.pixelCount {
      body(
        pixel / map.depth / map.width, pixel / map.depth % map.width, pixel % map.depth, pixel)
    }
  }

  private static func pixel(of map: FeatureMap, _ y: Int, _ x: Int, _ z: Int) -> Int? {
    guard y >= 0, y < map.height, x >= 0, x < map.width, z >= 0, z < map.depth else { return nil }
    return (y * map.width + x) * map.depth + z
  }
}

/// A token of a window: its pixel, if it has one, and along each axis whether the shift brought it
/// there from the map's beginning.
private struct WindowToken {
  let pixel: Int?
  let regions: [Bool]

  init(_ token: Int, in window: Int, of layout: WindowLayout, padded: [Int]) {
    let size = layout.window
    let counts = layout.counts
    let place = [
      window / counts[2] / counts[1] * size[0] + token / size[2] / size[1],
      window / counts[2] % counts[1] * size[1] + token / size[2] % size[1],
      window % counts[2] * size[2] + token % size[2],
    ]
    let source = (0..<3).map { (place[$0] + layout.shift[$0]) % padded[$0] }
    regions = (0..<3).map { place[$0] + layout.shift[$0] >= padded[$0] }
    let extents = layout.extents
    let isInside = zip(source, extents).allSatisfy { $0 < $1 }
    pixel = isInside ? (source[0] * extents[1] + source[1]) * extents[2] + source[2] : nil
  }
}
