import Tensors

/// The statistics of every floating-point tensor of a checkpoint; their bytes are lent and let go.
struct WeightSurvey {
  let statistics: [SourceKey: TensorStatistics]

  /// - Throws: what reading the checkpoint brings up.
  init(of checkpoint: any TensorSource) throws {
    let tensors = checkpoint.tensors.filter(\.dtype.isFloatingPoint)
    let found = try checkpoint.mapBytes(of: tensors) { tensor, bytes in
      try TensorStatistics(of: bytes, tensor.dtype)
    }
    statistics = Dictionary(
      uniqueKeysWithValues: zip(tensors, found).map { ($0.key, $1) })
  }

  subscript(key: SourceKey) -> TensorStatistics? { statistics[key] }
}

extension TensorStatistics {
  /// Whether all values are the same finite number.
  var isConstant: Bool {
    nanCount == 0 && infiniteCount == 0 && minimum != nil && minimum == maximum
  }

  func isAll(_ value: Double) -> Bool { isConstant && minimum == value }

  /// √(mean of squares) of the finite values.
  var rootMeanSquare: Double? {
    guard let mean, let standardDeviation else { return nil }
    return (mean * mean + standardDeviation * standardDeviation).squareRoot()
  }
}
