/// The one-dimensional transforms of Winograd's F(4, 3): four outputs of a filter with three taps
/// from six inputs, by six multiplications instead of twelve.
///
/// The interpolation points are 0, ±1/√2, ±√2 and ∞. The usual 0, ±1, ±2, ∞ give the same sums with
/// integer coefficients but lose seven to ten times more digits in 32-bit floats. With
/// L_i(x) = Π (x − p_m) over the finite points other than p_i, and N_i = L_i(p_i):
/// inputs are combined by the coefficients of L_i, taps by the powers of p_i over N_i, and the
/// products by the powers of p_i (S. Winograd, Arithmetic Complexity of Computations, 1980; Lavin
/// and Gray, arXiv:1509.09308).
enum Winograd {
  /// √½ and √2, the positive points.
  static let near: Float = 0.707_106_781
  static let far: Float = 1.414_213_562

  /// Six inputs to the six factors that meet the taps'.
  @inline(__always)
  static func transformInput(
    _ d0: Vector8, _ d1: Vector8, _ d2: Vector8, _ d3: Vector8, _ d4: Vector8, _ d5: Vector8
  ) -> (Vector8, Vector8, Vector8, Vector8, Vector8, Vector8) {
    let nearEven = d4 - d2 * 2
    let nearOdd = d3 * near - d1 * far
    let farEven = d4 - d2 * 0.5
    let farOdd = d3 * far - d1 * near
    return (
      d0 - d2 * 2.5 + d4, nearEven + nearOdd, nearEven - nearOdd, farEven + farOdd,
      farEven - farOdd, d5 - d3 * 2.5 + d1
    )
  }

  /// Six products to the four outputs.
  @inline(__always)
  static func transformOutput(
    _ m0: Vector8, _ m1: Vector8, _ m2: Vector8, _ m3: Vector8, _ m4: Vector8, _ m5: Vector8
  ) -> (Vector8, Vector8, Vector8, Vector8) {
    let nearSum = m1 + m2
    let nearDifference = (m1 - m2) * near
    let farSum = m3 + m4
    let farDifference = (m3 - m4) * far
    return (
      m0 + nearSum + farSum, nearDifference + farDifference, nearSum * 0.5 + farSum * 2,
      nearDifference * 0.5 + farDifference * 2 + m5
    )
  }

  /// Three taps to six factors.
  @inline(__always)
  static func transformTaps(
    _ g0: SIMD8<Double>, _ g1: SIMD8<Double>, _ g2: SIMD8<Double>
  ) -> (
    SIMD8<Double>, SIMD8<Double>, SIMD8<Double>, SIMD8<Double>, SIMD8<Double>, SIMD8<Double>
  ) {
    let nearEven = (g0 + g2 * 0.5) * (-2.0 / 3)
    let nearOdd = g1 * (0.5.squareRoot() * -2 / 3)
    let farEven = (g0 + g2 * 2) * (1.0 / 6)
    let farOdd = g1 * (2.0.squareRoot() / 6)
    return (
      g0, nearEven + nearOdd, nearEven - nearOdd, farEven + farOdd, farEven - farOdd, g2
    )
  }
}

/// Weights of a 3 × 3 convolution transformed for F(4 × 4, 3 × 3).
struct WinogradWeights: Sendable {
  /// `[36 · outputs, inputs]`: position in the 6 × 6 square, output, input.
  let positions: Matrix

  /// - Parameter weights: `[outputs, inputs, 3, 3]`
  init(_ weights: [Float], inputs: Int, outputs: Int) {
    let positions = Matrix(rows: 36 * outputs, columns: inputs)
    weights.withUnsafeBufferPointer { weights in
      withRows(positions) { target in
        parallelFor(outputs) { output in
          for input in stride(from: 0, to: inputs, by: 8) {
            WinogradWeights.transform(
              weights.baseAddress! + (output * inputs + input) * 9, count: min(8, inputs - input),
              into: target.row(output) + input, positionStride: outputs * inputs)
          }
        }
      }
    }
    self.positions = positions
  }

  /// Transforms `count` kernels that follow each other, for neighbouring inputs.
  private static func transform(
    _ kernels: UnsafePointer<Float>, count: Int, into target: UnsafeMutablePointer<Float>,
    positionStride: Int
  ) {
    withUnsafeTemporaryAllocation(of: SIMD8<Double>.self, capacity: 18) { square in
      for column in 0..<3 {
        @inline(__always) func taps(_ row: Int) -> SIMD8<Double> {
          var lanes = SIMD8<Double>.zero
          for lane in 0..<count { lanes[lane] = Double(kernels[lane * 9 + row * 3 + column]) }
          return lanes
        }
        (
          square[column], square[3 + column], square[6 + column], square[9 + column],
          square[12 + column], square[15 + column]
        ) = Winograd.transformTaps(taps(0), taps(1), taps(2))
      }
      for row in 0..<6 {
        let result = Winograd.transformTaps(
          square[row * 3], square[row * 3 + 1], square[row * 3 + 2])
        let place = target + row * 6 * positionStride
        Vector8(result.0).store(place, count: count)
        Vector8(result.1).store(place + positionStride, count: count)
        Vector8(result.2).store(place + 2 * positionStride, count: count)
        Vector8(result.3).store(place + 3 * positionStride, count: count)
        Vector8(result.4).store(place + 4 * positionStride, count: count)
        Vector8(result.5).store(place + 5 * positionStride, count: count)
      }
    }
  }
}
