import Glibc

extension Plain {
  /// `activation(start + input · weightsᵀ + bias)`; see ``multiply(_:byTransposed:bias:accumulate:activation:into:)``.
  package static func multiply(
    _ input: Matrix, byTransposed weights: Matrix, bias: [Float]? = nil, start: Matrix? = nil,
    activation: Activation = .none
  ) -> Matrix {
    let output = Matrix(rows: input.rowCount, columns: weights.rowCount)
    for row in 0..<output.rowCount {
      for column in 0..<output.columnCount {
        var sum = Double(bias?[column] ?? 0) + Double(start?[row, column] ?? 0)
        for inner in 0..<input.columnCount {
          sum += Double(input[row, inner]) * Double(weights[column, inner])
        }
        output[row, column] = Float(apply(activation, to: sum))
      }
    }
    return output
  }

  package static func apply(_ activation: Activation, to value: Double) -> Double {
    switch activation {
    case .none: value
    case .rectified: value < 0 ? 0 : value
    case .leaky: value < 0 ? value * 0.01 : value
    case .gelu: gelu(value)
    case .tanhGELU:
      value * 0.5
        * (1 + tanh((2 / Double.pi).squareRoot() * (value + 0.044715 * value * value * value)))
    case .quickGELU: value / (1 + exp(-1.702 * value))
    }
  }

  /// x · Φ(x); erfc keeps the digits of Φ's lower tail.
  package static func gelu(_ value: Double) -> Double {
    value * 0.5 * erfc(-value * 0.5.squareRoot())
  }

  package static func layerNorm(
    _ input: Matrix, weight: [Float], bias: [Float], epsilon: Double
  ) -> Matrix {
    let output = Matrix(rows: input.rowCount, columns: input.columnCount)
    for row in 0..<input.rowCount {
      let values = (0..<input.columnCount).map { Double(input[row, $0]) }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      for (column, value) in values.enumerated() {
        let normalised = (value - mean) / (variance + epsilon).squareRoot()
        output[row, column] = Float(normalised * Double(weight[column]) + Double(bias[column]))
      }
    }
    return output
  }
}
