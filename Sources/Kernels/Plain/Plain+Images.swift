extension Plain {
  /// A 3 × 3 convolution with a frame of zeros; `weights` are `[outputs, inputs, 3, 3]`.
  package static func convolve(
    _ input: FeatureMap, weights: [Float], bias: [Float], activation: Activation = .none
  ) -> FeatureMap {
    let inputs = input.channelCount
    let output = FeatureMap(height: input.height, width: input.width, channels: bias.count)
    for y in 0..<input.height {
      for x in 0..<input.width {
        for channel in bias.indices {
          var sum = Double(bias[channel])
          for tap in 0..<9 {
            let (sourceY, sourceX) = (y + tap / 3 - 1, x + tap % 3 - 1)
            guard sourceY >= 0, sourceY < input.height, sourceX >= 0, sourceX < input.width
            else { continue }
            for inner in 0..<inputs {
              sum +=
                Double(weights[(channel * inputs + inner) * 9 + tap])
                * Double(input.pixels[sourceY * input.width + sourceX, inner])
            }
          }
          output.pixels[y * input.width + x, channel] = Float(apply(activation, to: sum))
        }
      }
    }
    return output
  }

  /// A transposed convolution with kernel 2 and stride 2; `weights` are `[inputs, outputs, 2, 2]`.
  package static func convolveTransposed(
    _ input: FeatureMap, weights: [Float], bias: [Float], activation: Activation = .none
  ) -> FeatureMap {
    let output = FeatureMap(
      height: 2 * input.height, width: 2 * input.width, channels: bias.count)
    for y in 0..<output.height {
      for x in 0..<output.width {
        for channel in bias.indices {
          var sum = Double(bias[channel])
          for inner in 0..<input.channelCount {
            let weight = weights[((inner * bias.count + channel) * 2 + y % 2) * 2 + x % 2]
            sum += Double(weight) * Double(input.pixels[y / 2 * input.width + x / 2, inner])
          }
          output.pixels[y * output.width + x, channel] = Float(apply(activation, to: sum))
        }
      }
    }
    return output
  }

  package static func maxPool(_ input: FeatureMap) -> FeatureMap {
    let output = FeatureMap(
      height: input.height / 2, width: input.width / 2, channels: input.channelCount)
    forEachElement(of: output) { y, x, channel in
      [(0, 0), (0, 1), (1, 0), (1, 1)].map { dy, dx in
        Double(input.pixels[(2 * y + dy) * input.width + 2 * x + dx, channel])
      }.max()!
    }
    return output
  }

  package static func adaptiveAveragePool(
    _ input: FeatureMap, height: Int, width: Int
  ) -> FeatureMap {
    let output = FeatureMap(height: height, width: width, channels: input.channelCount)
    forEachElement(of: output) { y, x, channel in
      var values: [Double] = []
      for sourceY in 0..<input.height
      where (sourceY + 1) * height > y * input.height && sourceY * height < (y + 1) * input.height {
        for sourceX in 0..<input.width
        where (sourceX + 1) * width > x * input.width && sourceX * width < (x + 1) * input.width {
          values.append(Double(input.pixels[sourceY * input.width + sourceX, channel]))
        }
      }
      return values.reduce(0, +) / Double(values.count)
    }
    return output
  }

  package static func bilinearResize(_ input: FeatureMap, height: Int, width: Int) -> FeatureMap {
    let output = FeatureMap(height: height, width: width, channels: input.channelCount)
    forEachElement(of: output) { y, x, channel in
      let atY = (Double(y) + 0.5) * Double(input.height) / Double(height) - 0.5
      let atX = (Double(x) + 0.5) * Double(input.width) / Double(width) - 0.5
      var sum = 0.0
      for sourceY in 0..<input.height {
        let weightY = tent(atY, around: sourceY, extent: input.height)
        guard weightY > 0 else { continue }
        for sourceX in 0..<input.width {
          let weight = weightY * tent(atX, around: sourceX, extent: input.width)
          guard weight > 0 else { continue }
          sum += weight * Double(input.pixels[sourceY * input.width + sourceX, channel])
        }
      }
      return sum
    }
    return output
  }

  /// How much the input at `index` counts for a position: falling to 0 at its neighbours.
  private static func tent(_ position: Double, around index: Int, extent: Int) -> Double {
    let clamped = min(max(position, 0), Double(extent - 1))
    return max(0, 1 - abs(clamped - Double(index)))
  }

  private static func forEachElement(
    of map: FeatureMap, _ value: (_ y: Int, _ x: Int, _ channel: Int) -> Double
  ) {
    for pixel in 0..<map.height * map.width {
      for channel in 0..<map.channelCount {
        map.pixels[pixel, channel] = Float(value(pixel / map.width, pixel % map.width, channel))
      }
    }
  }
}
