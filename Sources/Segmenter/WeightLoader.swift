import Architectures
import Diagnostics
import Kernels
import Tensors

/// Fetches weights by the role they play, whatever the checkpoint calls them, and holds their
/// shapes against the model's.
struct WeightLoader {
  let model: RecognisedModel
  let source: any TensorSource
  /// `[channels, depth, height, width]`; layers choose their methods by it.
  let expectedWindow: [Int]

  func contains(_ role: Role) -> Bool { model.key(of: role) != nil }

  /// The tensor in its role's canonical form, however the family stores it.
  ///
  /// - Throws: `missing-tensor`, `wrong-dtype`, or `weight-shape` naming the tensor.
  func values(_ role: Role, shape expected: [Int]) throws -> [Float] {
    let key = try located(in: .init(file: source.path)) { try model.requiredKey(for: role) }
    let found = try source.requiredDescription(of: key).shape
    let layout = try located(in: .init(file: source.path, tensor: key.name)) {
      try model.rearrangement(of: role, from: found)
    }
    guard (layout?.shape ?? found).extents == expected else {
      throw Fault(
        .weightShape, "has shape \(found); the \(role) of this model has shape \(expected)",
        at: .init(file: source.path, tensor: key.name))
    }
    let stored = try source.floats(of: key)
    return try layout?.applied(to: stored).values ?? stored.values
  }

  /// The extents of the tensor in its role's canonical form.
  func canonicalShape(of role: Role) throws -> [Int] {
    let key = try located(in: .init(file: source.path)) { try model.requiredKey(for: role) }
    let found = try source.requiredDescription(of: key).shape
    return try located(in: .init(file: source.path, tensor: key.name)) {
      try model.rearrangement(of: role, from: found)?.shape ?? found
    }.extents
  }

  /// The values of an optional weight, or a constant that computes the same as leaving it out.
  func values(_ role: Role, count: Int, orElse constant: Float) throws -> [Float] {
    guard contains(role) else { return [Float](repeating: constant, count: count) }
    return try values(role, shape: [count])
  }

  /// A layer's weights as a matrix: the first extent by the product of the others.
  func matrix(_ role: Role, shape: [Int]) throws -> Matrix {
    let values = try values(role, shape: shape)
    return Matrix(rows: shape[0], columns: shape.dropFirst().reduce(1, *), values: values)
  }

  /// The statistics and parameters at `<role>.weight`, `.bias`, `.runningMean` and
  /// `.runningVariance`.
  func batchNormalisation(_ role: Role, channels: Int) throws -> BatchNormalisation {
    BatchNormalisation(
      weight: try values("\(role).weight", shape: [channels]),
      bias: try values("\(role).bias", shape: [channels]),
      runningMean: try values("\(role).runningMean", shape: [channels]),
      runningVariance: try values("\(role).runningVariance", shape: [channels]),
      epsilon: WeightLoader.batchNormalisationEpsilon)
  }

  /// What PyTorch's batch normalisation adds to the variance; no checkpoint records it.
  static let batchNormalisationEpsilon = 1e-5
}
