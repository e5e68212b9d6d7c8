import Tensors

/// The statistics of every floating-point tensor of a checkpoint; each is decoded once and let go.
struct WeightSurvey {
  let statistics: [SourceKey: TensorStatistics]

  /// - Throws: what reading the checkpoint brings up.
  init(of checkpoint: any TensorSource) throws {
    var statistics: [SourceKey: TensorStatistics] = [:]
    for tensor in checkpoint.tensors where tensor.dtype.isFloatingPoint {
      statistics[tensor.key] = TensorStatistics(of: try checkpoint.floats(of: tensor.key).values)
    }
    self.statistics = statistics
  }

  subscript(key: SourceKey) -> TensorStatistics? { statistics[key] }
}

extension TensorStatistics {
  /// Whether all values are the same finite number.
  var isConstant: Bool {
    nanCount == 0 && infiniteCount == 0 && minimum != nil && minimum == maximum
  }

  func isAll(_ value: Float) -> Bool { isConstant && minimum == value }

  /// √(mean of squares) of the finite values.
  var rootMeanSquare: Double? {
    guard let mean, let standardDeviation else { return nil }
    return (mean * mean + standardDeviation * standardDeviation).squareRoot()
  }
}
