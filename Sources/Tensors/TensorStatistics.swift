/// What a tensor's values look like, NaN and infinities set apart.
package struct TensorStatistics: Sendable, Equatable {
  package let count: Int
  package let nanCount: Int
  package let infiniteCount: Int
  /// Of the finite values; nil when there are none.
  package let minimum: Double?
  package let maximum: Double?
  package let mean: Double?
  /// The population's standard deviation.
  package let standardDeviation: Double?

  /// Takes a tensor's values stretch by stretch, so that a large one does not come into memory twice.
  ///
  /// - Throws: `wrong-dtype` when the type holds no real numbers.
  package init(of bytes: RawSpan, _ dtype: DType) throws {
    count = bytes.byteCount * 8 / dtype.bitWidth
    var (finite, nans) = (0, 0)
    var (least, greatest) = (Double.infinity, -Double.infinity)
    try TensorStatistics.forEachValue(of: bytes, dtype) { value in
      if value.isFinite {
        finite += 1
        least = min(least, value)
        greatest = max(greatest, value)
      } else if value.isNaN {
        nans += 1
      }
    }
    nanCount = nans
    infiniteCount = count - finite - nans
    guard finite > 0 else {
      (minimum, maximum, mean, standardDeviation) = (nil, nil, nil, nil)
      return
    }
    // Sums and squares of the largest numbers would be infinite.
    let unit = max(abs(least), abs(greatest)) > 0x1p400 ? 0x1p600 : 1
    var sum = 0.0
    try TensorStatistics.forEachValue(of: bytes, dtype) { if $0.isFinite { sum += $0 / unit } }
    let mean = sum / Double(finite)
    // The last pass keeps the digits that a difference of large sums would lose.
    var squares = 0.0
    try TensorStatistics.forEachValue(of: bytes, dtype) { value in
      if value.isFinite { squares += (value / unit - mean) * (value / unit - mean) }
    }
    (minimum, maximum, self.mean) = (least, greatest, mean * unit)
    standardDeviation = (squares / Double(finite)).squareRoot() * unit
  }

  @inline(__always)
  private static func forEachValue(
    of bytes: RawSpan, _ dtype: DType, _ body: (Double) -> Void
  ) throws {
    let count = bytes.byteCount * 8 / dtype.bitWidth
    for start in stride(from: 0, to: count, by: DType.stretch) {
      for value in try dtype.realNumbers(start..<min(start + DType.stretch, count), of: bytes) {
        body(value)
      }
    }
  }
}
