/// Every row brought to mean 0 and variance 1, then scaled and shifted:
/// `(x − mean) / √(variance + epsilon) · weight + bias`.
///
/// Two passes, mean before variance: the sum of squares alone would lose all its digits where the
/// values sit on a large offset.
///
/// - Parameters:
///   - input: `[tokens, hidden]`
///   - output: of the same shape; may be `input` itself
package func layerNorm(
  _ input: Matrix, weight: [Float], bias: [Float], epsilon: Double, into output: Matrix
) {
  precondition(weight.count == input.columnCount && bias.count == input.columnCount)
  precondition(output.rowCount == input.rowCount && output.columnCount == input.columnCount)
  weight.withUnsafeBufferPointer { weight in
    bias.withUnsafeBufferPointer { bias in
      withRows(input, output) { input, output in
        guard input.columnCount > 0 else { return }
        parallelRanges(input.rowCount, of: 32) { range in
          for row in range {
            normalise(
              input.row(row), count: input.columnCount, weight: weight.baseAddress!,
              bias: bias.baseAddress!, epsilon: epsilon, into: output.row(row))
          }
        }
      }
    }
  }
}

private func normalise(
  _ input: UnsafePointer<Float>, count: Int, weight: UnsafePointer<Float>,
  bias: UnsafePointer<Float>, epsilon: Double, into output: UnsafeMutablePointer<Float>
) {
  let mean = Float(laneSum(input, count: count) { $0 } / Double(count))
  // What rounding the mean to a float left out: the sum of the differences shows it.
  let rest = laneSum(input, count: count) { $0 - mean } / Double(count)
  let squares = laneSum(input, count: count) { ($0 - mean) * ($0 - mean) } / Double(count)
  let scale = Float(1 / (squares - rest * rest + epsilon).squareRoot())
  let correction = Float(rest)
  var column = 0
  while column < count {
    let width = min(8, count - column)
    let centred = Vector8.load(input + column, count: width) - mean - correction
    let scaled =
      centred * scale * .load(weight + column, count: width) + .load(bias + column, count: width)
    scaled.store(output + column, count: width)
    column += 8
  }
}

/// The sum of `term` over the values: eight partial sums, joined in Double every 64 values.
@inline(__always)
private func laneSum(
  _ values: UnsafePointer<Float>, count: Int, _ term: (Vector8) -> Vector8
) -> Double {
  var total = 0.0
  var column = 0
  while column < count {
    var partial = Vector8.zero
    let end = min(column + 64, count)
    while column + 8 <= end {
      partial += term(.load(values + column))
      column += 8
    }
    total += partial.laneSum
    if column < end {
      let rest = term(.load(values + column, count: end - column))
      for lane in 0..<end - column { total += Double(rest[lane]) }
      column = end
    }
  }
  return total
}
