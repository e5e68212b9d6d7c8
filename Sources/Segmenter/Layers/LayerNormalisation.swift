import Architectures
import Diagnostics
import Kernels

struct LayerNormalisation: Sendable {
  private let weight: [Float]
  private let bias: [Float]
  private let epsilon: Double

  init(weight: [Float], bias: [Float], epsilon: Double) {
    self.weight = weight
    self.bias = bias
    self.epsilon = epsilon
  }

  init(_ loader: WeightLoader, _ role: Role, _ hidden: Int) throws {
    try self.init(loader, role, shape: [hidden])
  }

  /// - Parameter shape: the canonical shape; the norm runs over all of its elements
  init(_ loader: WeightLoader, _ role: Role, shape: [Int]) throws {
    weight = try loader.values("\(role).weight", shape: shape)
    bias = try loader.values("\(role).bias", shape: shape)
    epsilon = try loader.layerNormEpsilon()
  }

  /// The norm that plays the role, or nil when the checkpoint has none.
  init?(_ loader: WeightLoader, optional role: Role, _ hidden: Int) throws {
    guard loader.contains("\(role).weight") else { return nil }
    try self.init(loader, role, hidden)
  }

  /// Mean 0 and variance 1 alone.
  static func plain(_ channels: Int, epsilon: Double) -> LayerNormalisation {
    LayerNormalisation(
      weight: [Float](repeating: 1, count: channels),
      bias: [Float](repeating: 0, count: channels), epsilon: epsilon)
  }

  func callAsFunction(_ input: Matrix, into output: Matrix) {
    layerNorm(input, weight: weight, bias: bias, epsilon: epsilon, into: output)
  }

  func callAsFunction(_ input: Matrix, from workspace: Workspace) -> Matrix {
    let output = Matrix(rows: input.rowCount, columns: input.columnCount, from: workspace)
    self(input, into: output)
    return output
  }

  func callAsFunction(_ map: FeatureMap, from workspace: Workspace) -> FeatureMap {
    map.with(pixels: self(map.pixels, from: workspace))
  }
}

extension WeightLoader {
  /// - Throws: `unsupported-model` when the family's description does not tell it.
  func layerNormEpsilon() throws -> Double {
    guard let epsilon = model.family.constant("layerNormEpsilon") else {
      throw Fault(
        .unsupportedModel, "the family \(model.family.id) does not tell its layerNormEpsilon",
        remedy: "add it to the constants of the family's description")
    }
    return epsilon
  }
}
