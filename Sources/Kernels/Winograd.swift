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
  static func transformTaps(_ g0: Double, _ g1: Double, _ g2: Double) -> [Double] {
    let near = 0.5.squareRoot()
    let far = 2.0.squareRoot()
    return [
      g0,
      (g0 + near * g1 + 0.5 * g2) / -1.5,
      (g0 - near * g1 + 0.5 * g2) / -1.5,
      (g0 + far * g1 + 2 * g2) / 6,
      (g0 - far * g1 + 2 * g2) / 6,
      g2,
    ]
  }
}

/// Weights of a 3 × 3 convolution transformed for F(4 × 4, 3 × 3).
struct WinogradWeights: Sendable {
  /// `[36 · outputs, inputs]`: position in the 6 × 6 square, output, input.
  let positions: Matrix

  /// - Parameter weights: `[outputs, inputs, 3, 3]`
  init(_ weights: [Float], inputs: Int, outputs: Int) {
    let positions = Matrix(rows: 36 * outputs, columns: inputs)
    withRows(positions) { target in
      parallelFor(outputs) { output in
        for input in 0..<inputs {
          let taps = (output * inputs + input) * 9
          let columns = (0..<3).map { column in
            Winograd.transformTaps(
              Double(weights[taps + column]), Double(weights[taps + 3 + column]),
              Double(weights[taps + 6 + column]))
          }
          for row in 0..<6 {
            let transformed = Winograd.transformTaps(
              columns[0][row], columns[1][row], columns[2][row])
            for column in 0..<6 {
              target.row((row * 6 + column) * outputs + output)[input] =
                Float(transformed[column])
            }
          }
        }
      }
    }
    self.positions = positions
  }
}
