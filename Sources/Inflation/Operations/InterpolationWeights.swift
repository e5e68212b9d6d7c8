/// One axis of a separable interpolation: every output sample is a weighted sum of all inputs.
struct InterpolationWeights {
  let inputCount: Int
  let outputCount: Int
  /// `[output, input]`, row-major.
  var weights: [Double]

  init(inputCount: Int, outputCount: Int) {
    self.inputCount = inputCount
    self.outputCount = outputCount
    weights = Array(repeating: 0, count: inputCount * outputCount)
  }

  static func identity(_ count: Int) -> InterpolationWeights {
    var identity = InterpolationWeights(inputCount: count, outputCount: count)
    for index in 0..<count { identity.weights[index * count + index] = 1 }
    return identity
  }

  /// PyTorch's `interpolate(mode="bicubic", align_corners=False)`: half-pixel centres, Keys' kernel
  /// with a = −0.75, taps beyond the edge repeat it.
  static func bicubic(from inputCount: Int, to outputCount: Int) -> InterpolationWeights {
    var result = InterpolationWeights(inputCount: inputCount, outputCount: outputCount)
    for output in 0..<outputCount {
      let center = (Double(output) + 0.5) * Double(inputCount) / Double(outputCount) - 0.5
      let first = Int(center.rounded(.down)) - 1
      for tap in first..<first + 4 {
        let input = min(max(tap, 0), inputCount - 1)
        result.weights[output * inputCount + input] += keys(center - Double(tap), a: -0.75)
      }
    }
    return result
  }

  /// Keys' cubic convolution kernel.
  static func keys(_ distance: Double, a: Double) -> Double {
    let t = abs(distance)
    if t <= 1 { return ((a + 2) * t - (a + 3)) * t * t + 1 }
    return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0
  }
}
