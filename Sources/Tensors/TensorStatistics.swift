/// What a tensor's values look like, NaN and infinities set apart.
package struct TensorStatistics: Sendable, Equatable {
  package let count: Int
  package let nanCount: Int
  package let infiniteCount: Int
  /// Of the finite values; nil when there are none.
  package let minimum: Float?
  package let maximum: Float?
  package let mean: Double?
  /// The population's standard deviation.
  package let standardDeviation: Double?

  package init(of values: [Float]) {
    var (finite, nans, sum) = (0, 0, 0.0)
    var (least, greatest) = (Float.infinity, -Float.infinity)
    for value in values {
      if value.isFinite {
        finite += 1
        sum += Double(value)
        least = min(least, value)
        greatest = max(greatest, value)
      } else if value.isNaN {
        nans += 1
      }
    }
    count = values.count
    nanCount = nans
    infiniteCount = values.count - finite - nans
    guard finite > 0 else {
      (minimum, maximum, mean, standardDeviation) = (nil, nil, nil, nil)
      return
    }
    let mean = sum / Double(finite)
    // The second pass keeps the digits that a difference of large sums would lose.
    var squares = 0.0
    for value in values where value.isFinite {
      squares += (Double(value) - mean) * (Double(value) - mean)
    }
    (minimum, maximum, self.mean) = (least, greatest, mean)
    standardDeviation = (squares / Double(finite)).squareRoot()
  }
}
