import Diagnostics
import Tensors

extension InterpolationWeights {
  /// PyTorch's `interpolate(mode="bicubic", antialias=True)`: Keys' kernel with a = −0.5, stretched
  /// by the ratio when the axis shrinks, taps beyond the edge left out and the rest normalised.
  static func bicubicAntialiased(from inputCount: Int, to outputCount: Int) -> InterpolationWeights
  {
    antialiased(from: inputCount, to: outputCount, support: 2) { keys($0, a: -0.5) }
  }

  /// PyTorch's `interpolate(mode="bilinear", antialias=True)` along one axis.
  static func linearAntialiased(from inputCount: Int, to outputCount: Int) -> InterpolationWeights {
    antialiased(from: inputCount, to: outputCount, support: 1) { max(0, 1 - abs($0)) }
  }

  /// PyTorch's `interpolate(mode="nearest")`.
  static func nearest(from inputCount: Int, to outputCount: Int) -> InterpolationWeights {
    var result = InterpolationWeights(inputCount: inputCount, outputCount: outputCount)
    let ratio = Float(inputCount) / Float(outputCount)
    for output in 0..<outputCount {
      let input = min(Int(Float(output) * ratio), inputCount - 1)
      result.weights[output * inputCount + input] = 1
    }
    return result
  }

  private static func antialiased(
    from inputCount: Int, to outputCount: Int, support: Double, kernel: (Double) -> Double
  ) -> InterpolationWeights {
    var result = InterpolationWeights(inputCount: inputCount, outputCount: outputCount)
    let ratio = Double(inputCount) / Double(outputCount)
    let stretch = max(ratio, 1)
    for output in 0..<outputCount {
      let center = ratio * (Double(output) + 0.5)
      let first = max(Int(center - support * stretch + 0.5), 0)
      let last = min(Int(center + support * stretch + 0.5), inputCount)
      let taps = (first..<last).map { kernel((Double($0) - center + 0.5) / stretch) }
      let sum = taps.reduce(0, +)
      for (offset, tap) in taps.enumerated() {
        result.weights[output * inputCount + first + offset] = tap / sum
      }
    }
    return result
  }

  /// What resizes a patch-embedding kernel along one axis so that it answers to resized patches as
  /// the original did to theirs: the transpose of the pseudo-inverse of the patches' own resizing.
  ///
  /// Exact when patches grow, least squares when they shrink.
  ///
  /// Source: Beyer et al., FlexiViT, section 3.4 ("PI-resize"); the resizing of a plane is a
  /// Kronecker product, so that one pseudo-inverse an axis suffices.
  ///
  /// - Throws: `unsupported-geometry` when the resizing has no pseudo-inverse of full rank.
  static func patchResize(
    from inputCount: Int, to outputCount: Int, linear: Bool
  ) throws -> InterpolationWeights {
    let resize: InterpolationWeights =
      linear
      ? linearAntialiased(from: inputCount, to: outputCount)
      : bicubicAntialiased(from: inputCount, to: outputCount)
    let grows = outputCount >= inputCount
    let small = min(inputCount, outputCount)
    // BᵀB when patches grow, BBᵀ when they shrink: the smaller of the two.
    var gram = [Double](repeating: 0, count: small * small)
    for row in 0..<small {
      for column in 0..<small {
        for inner in 0..<max(inputCount, outputCount) {
          gram[row * small + column] +=
            grows
            ? resize.weights[inner * inputCount + row]
              * resize.weights[inner * inputCount + column]
            : resize.weights[row * inputCount + inner]
              * resize.weights[column * inputCount + inner]
        }
      }
    }
    guard let inverse = solution(of: gram, identity(small).weights, count: small) else {
      throw Fault(
        .unsupportedGeometry, "patches of \(inputCount) cannot be resized to \(outputCount)")
    }
    var result = InterpolationWeights(inputCount: inputCount, outputCount: outputCount)
    for output in 0..<outputCount {
      for input in 0..<inputCount {
        var sum = 0.0
        for inner in 0..<small {
          sum +=
            grows
            ? resize.weights[output * inputCount + inner] * inverse[inner * small + input]
            : inverse[output * small + inner] * resize.weights[inner * inputCount + input]
        }
        result.weights[output * inputCount + input] = sum
      }
    }
    return result
  }

  /// The tensor with these weights along one of its axes; sums in 64-bit floats.
  func applied(to tensor: FloatTensor, axis: Int) throws -> FloatTensor {
    var extents = tensor.shape.extents
    guard extents[axis] == inputCount else {
      throw Fault(.invalidShape, "axis \(axis) of \(tensor.shape) has not \(inputCount) places")
    }
    let inner = extents.dropFirst(axis + 1).reduce(1, *)
    let outer = extents.prefix(axis).reduce(1, *)
    extents[axis] = outputCount
    var result = FloatTensor(shape: try Shape(extents))
    var sums = [Double](repeating: 0, count: inner)
    for block in 0..<outer {
      for output in 0..<outputCount {
        for index in 0..<inner { sums[index] = 0 }
        for input in 0..<inputCount {
          let weight = weights[output * inputCount + input]
          guard weight != 0 else { continue }
          let start = (block * inputCount + input) * inner
          for index in 0..<inner { sums[index] += weight * Double(tensor.values[start + index]) }
        }
        let start = (block * outputCount + output) * inner
        for index in 0..<inner { result[start + index] = Float(sums[index]) }
      }
    }
    return result
  }
}
