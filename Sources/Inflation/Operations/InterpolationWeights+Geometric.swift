import Diagnostics

extension InterpolationWeights {
  /// BEiT's resizing of a relative-position-bias axis: the source's offsets are placed at knots that
  /// grow geometrically from the centre until the outermost reaches the target's, and an
  /// interpolating cubic spline (not-a-knot ends) through them is read at the target's offsets.
  ///
  /// Source: Bao et al., BEiT, the authors' fine-tuning code; `scipy.interpolate.interp2d`
  /// (`kind="cubic"`) is the tensor product of two such splines, with arguments clamped to the
  /// knots' range.
  ///
  /// - Throws: `unsupported-geometry` when there are fewer than the four knots of a cubic.
  static func geometric(from inputCount: Int, to outputCount: Int) throws -> InterpolationWeights {
    guard inputCount >= 4 else {
      throw Fault(
        .unsupportedGeometry,
        "a grid of \((inputCount + 1) / 2) tokens is too small for geometric resizing",
        remedy: "say --rel-pos-resize bicubic")
    }
    let knots = geometricKnots(count: inputCount / 2, reach: outputCount / 2)
    guard let spline = NotAKnotSpline(knots: knots) else {
      throw Fault(
        .unsupportedGeometry, "\(inputCount) offsets cannot be resized to \(outputCount)",
        remedy: "say --rel-pos-resize bicubic")
    }
    var result = InterpolationWeights(inputCount: inputCount, outputCount: outputCount)
    for output in 0..<outputCount {
      let offset = Double(output - outputCount / 2)
      let row = spline.weights(at: min(max(offset, knots[0]), knots[knots.count - 1]))
      result.weights.replaceSubrange(output * inputCount..<(output + 1) * inputCount, with: row)
    }
    return result
  }

  /// `2·count + 1` knots, symmetric about 0 with gaps 1, q, q², …, where q is bisected so that the
  /// gaps' sum meets `reach`.
  static func geometricKnots(count: Int, reach: Int) -> [Double] {
    var (left, right) = (1.01, 1.5)
    var ratio = left
    while right - left > 1e-6 {
      ratio = (left + right) / 2
      var (sum, term) = (0.0, 1.0)
      for _ in 0..<count {
        sum += term
        term *= ratio
      }
      if sum > Double(reach) { right = ratio } else { left = ratio }
    }
    var distances: [Double] = []
    var (position, gap) = (0.0, 1.0)
    for _ in 0..<count {
      position += gap
      gap *= ratio
      distances.append(position)
    }
    return distances.reversed().map { -$0 } + [0] + distances
  }
}

/// The cubic spline through values at fixed knots whose third derivative is continuous at the second
/// and the last but one knot, as a linear map of the values.
struct NotAKnotSpline {
  private let knots: [Double]
  /// Second derivatives at the knots for each unit vector of values: `[knot, value]`.
  private let curvatures: [Double]

  /// Nil for knots so far apart that their equations have no solution in 64-bit floats.
  init?(knots: [Double]) {
    self.knots = knots
    let count = knots.count
    var system = [Double](repeating: 0, count: count * count)
    var right = [Double](repeating: 0, count: count * count)
    let gaps = zip(knots.dropFirst(), knots).map { $0 - $1 }
    for row in 1..<count - 1 {
      system[row * count + row - 1] = gaps[row - 1]
      system[row * count + row] = 2 * (gaps[row - 1] + gaps[row])
      system[row * count + row + 1] = gaps[row]
      right[row * count + row - 1] = 6 / gaps[row - 1]
      right[row * count + row] = -6 / gaps[row - 1] - 6 / gaps[row]
      right[row * count + row + 1] = 6 / gaps[row]
    }
    for (row, first) in [(0, 0), (count - 1, count - 3)] {
      system[row * count + first] = gaps[first + 1]
      system[row * count + first + 1] = -(gaps[first] + gaps[first + 1])
      system[row * count + first + 2] = gaps[first]
    }
    guard let curvatures = solution(of: system, right, count: count) else { return nil }
    self.curvatures = curvatures
  }

  /// How much each knot's value counts at `position`, which must lie between the end knots.
  func weights(at position: Double) -> [Double] {
    let count = knots.count
    let interval = min(max(knots.lastIndex { $0 <= position } ?? 0, 0), count - 2)
    let gap = knots[interval + 1] - knots[interval]
    let a = (knots[interval + 1] - position) / gap
    let b = 1 - a
    var weights = (0..<count).map { value in
      ((a * a * a - a) * curvatures[interval * count + value]
        + (b * b * b - b) * curvatures[(interval + 1) * count + value]) * gap * gap / 6
    }
    weights[interval] += a
    weights[interval + 1] += b
    return weights
  }
}
