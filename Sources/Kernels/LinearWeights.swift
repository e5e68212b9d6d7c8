/// A linear layer's weights in the form that suits their width: panels for the micro-kernels where
/// the product is narrow, a plain matrix for OpenBLAS where its packing pays.
package struct LinearWeights: Sendable {
  private let form: Form
  private let bias: [Float]?

  private enum Form: Sendable {
    case packed(PackedWeights)
    case matrix(Matrix)
  }

  /// From this many inputs on OpenBLAS is the faster one.
  private static let widest = 512

  /// - Parameters:
  ///   - weights: `[outputs, inputs]`
  ///   - bias: `outputs` values
  package init(_ weights: Matrix, bias: [Float]? = nil) {
    self.bias = bias
    form =
      weights.columnCount <= LinearWeights.widest
      ? .packed(PackedWeights(weights, bias: bias)) : .matrix(weights)
  }

  package var inputs: Int {
    switch form {
    case .packed(let weights): weights.inputs
    case .matrix(let weights): weights.columnCount
    }
  }

  package var outputs: Int {
    switch form {
    case .packed(let weights): weights.outputs
    case .matrix(let weights): weights.rowCount
    }
  }

  /// `output = activation(input · weightsᵀ + bias)`, or with `accumulate` of that much more.
  package func multiply(
    _ input: Matrix, accumulate: Bool = false, activation: Activation = .none, into output: Matrix
  ) {
    switch form {
    case .packed(let weights):
      Kernels.multiply(
        input, by: weights, accumulate: accumulate, activation: activation, into: output)
    case .matrix(let weights):
      Kernels.multiply(
        input, byTransposed: weights, bias: bias, accumulate: accumulate, activation: activation,
        into: output)
    }
  }
}
