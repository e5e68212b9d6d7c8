import Architectures
import Kernels

/// `activation(input · weightsᵀ + bias)`; on a map's pixels it is a 1 × 1 convolution.
struct LinearLayer: Sendable {
  private let weights: PackedWeights
  private let activation: Activation

  /// - Parameters:
  ///   - weights: `[outputs, inputs]`
  ///   - bias: `outputs` values
  init(weights: Matrix, bias: [Float]? = nil, activation: Activation = .none) {
    self.weights = PackedWeights(weights, bias: bias)
    self.activation = activation
  }

  var outputCount: Int { weights.outputs }

  func callAsFunction(_ input: Matrix, accumulate: Bool = false, into output: Matrix) {
    multiply(input, by: weights, accumulate: accumulate, activation: activation, into: output)
  }

  /// The first columns of every row become what the layer makes of all of them.
  func replaceFirstColumns(of matrix: Matrix, workspace: Workspace) {
    multiplyInPlace(matrix, by: weights, workspace: workspace)
  }

  func callAsFunction(_ input: Matrix, from workspace: Workspace) -> Matrix {
    let output = Matrix(rows: input.rowCount, columns: outputCount, from: workspace)
    self(input, into: output)
    return output
  }
}

extension LinearLayer {
  /// - Parameter scales: a factor for each output, taken into the weights and the bias
  init(
    _ loader: WeightLoader, _ role: Role, inputs: Int, outputs: Int,
    scaledBy scales: [Float]? = nil,
    activation: Activation = .none
  ) throws {
    var weights = try loader.values("\(role).weight", shape: [outputs, inputs])
    var bias = try loader.values("\(role).bias", count: outputs, orElse: 0)
    for (output, scale) in (scales ?? []).enumerated() {
      bias[output] *= scale
      for index in output * inputs..<(output + 1) * inputs { weights[index] *= scale }
    }
    self.init(
      weights: Matrix(rows: outputs, columns: inputs, values: weights), bias: bias,
      activation: activation)
  }
}
