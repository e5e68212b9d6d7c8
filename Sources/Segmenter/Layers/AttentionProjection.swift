import Architectures
import Kernels

/// A block's joint projection to queries, keys and values, however the family stores it: as one
/// layer or as three, with or without each of the biases.
struct AttentionProjection: Sendable {
  let layer: LinearLayer
  /// `3 · hidden` values; what a zero input gives.
  let bias: [Float]

  /// - Parameter role: the attention's: `blocks[3].attention`
  init(_ loader: WeightLoader, _ role: Role, hidden: Int) throws {
    let parts = ["query", "key", "value"]
    var weights: [Float] = []
    if loader.contains("\(role).queryKeyValue.weight") {
      weights = try loader.values("\(role).queryKeyValue.weight", shape: [3 * hidden, hidden])
    } else {
      for part in parts {
        weights += try loader.values("\(role).\(part).weight", shape: [hidden, hidden])
      }
    }
    if loader.contains("\(role).queryKeyValue.bias") {
      bias = try loader.values("\(role).queryKeyValue.bias", shape: [3 * hidden])
    } else {
      bias = try parts.flatMap {
        try loader.values("\(role).\($0).bias", count: hidden, orElse: 0)
      }
    }
    layer = LinearLayer(
      weights: Matrix(rows: 3 * hidden, columns: hidden, values: weights), bias: bias)
  }
}

/// The two linear layers at the end of a block.
struct Perceptron: Sendable {
  private let expansion: LinearLayer
  private let contraction: LinearLayer

  /// - Parameters:
  ///   - role: the perceptron's: `blocks[3].mlp`
  ///   - scales: factors of the result
  init(
    _ loader: WeightLoader, _ role: Role, hidden: Int, mlp: Int, scaledBy scales: [Float]? = nil
  ) throws {
    expansion = try LinearLayer(
      loader, "\(role).fc1", inputs: hidden, outputs: mlp,
      activation: loader.model.family.activation.kernel)
    contraction = try LinearLayer(
      loader, "\(role).fc2", inputs: mlp, outputs: hidden, scaledBy: scales)
  }

  /// Adds the result to `output`, or puts it there.
  func callAsFunction(
    _ input: Matrix, accumulate: Bool, workspace: Workspace, into output: Matrix
  ) {
    // A piece at a time: the widened tokens of a whole volume would be its largest tensor.
    let piece = max(1, min(input.rowCount, (4 << 20) / expansion.outputCount / 96 * 96))
    for start in stride(from: 0, to: input.rowCount, by: piece) {
      let rows = start..<min(input.rowCount, start + piece)
      contraction(
        expansion(input.rows(rows), from: workspace), accumulate: accumulate,
        into: output.rows(rows))
    }
  }
}

extension Family.Activation {
  var kernel: Activation {
    switch self {
    case .gelu: .gelu
    case .tanhGELU: .tanhGELU
    case .quickGELU: .quickGELU
    }
  }
}
