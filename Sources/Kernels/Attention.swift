/// Every head's softmax(queries · keysᵀ / √headSize + bias) · values.
///
/// Scores exist for one block of queries at a time, so that memory grows with the number of
/// tokens, not with its square.
///
/// - Parameters:
///   - queryKeyValue: `[tokens, 3 · hidden]`: queries, keys, values; in each the heads side by side
///   - output: `[tokens, hidden]`, the heads side by side
package func attention(
  queryKeyValue: Matrix, headCount: Int, bias: RelativePositionBias? = nil,
  workspace: Workspace? = nil, into output: Matrix
) {
  let hidden = output.columnCount
  let tokens = queryKeyValue.rowCount
  precondition(queryKeyValue.columnCount == 3 * hidden && output.rowCount == tokens)
  precondition(headCount > 0 && hidden.isMultiple(of: headCount), "\(headCount) heads of \(hidden)")
  precondition(bias == nil || (bias!.headCount == headCount && bias!.tokenCount == tokens))
  let headSize = hidden / headCount
  let scale = 1 / Float(headSize).squareRoot()
  let blockSize = 128
  let blocks = (tokens + blockSize - 1) / blockSize
  withRows(queryKeyValue, output) { input, output in
    parallelFor(headCount * blocks) { index in
      let (head, block) = index.quotientAndRemainder(dividingBy: blocks)
      let queries = block * blockSize..<min(tokens, (block + 1) * blockSize)
      let columns = head * headSize..<(head + 1) * headSize
      let keys = input.columns(hidden + columns.lowerBound..<hidden + columns.upperBound)
      let values = input.columns(2 * hidden + columns.lowerBound..<2 * hidden + columns.upperBound)
      let target = output.rows(queries).columns(columns)
      let scratch = Matrix(rows: queries.count, columns: tokens, from: workspace)
      withRows(scratch) { scores in
        product(
          input.rows(queries).columns(columns), byTransposed: keys, scale: scale, into: scores)
        let sums = exponentials(of: scores, firstQuery: queries.lowerBound, head: head, bias: bias)
        product(scores, by: values, into: target)
        divide(target, by: sums)
      }
    }
  }
}

/// Replaces scores by e^(score + bias − the row's maximum).
///
/// - Returns: the sum of each row. Dividing the few products by it is cheaper than the many scores.
private func exponentials(
  of scores: Rows, firstQuery: Int, head: Int, bias: RelativePositionBias?
) -> [Float] {
  (0..<scores.rowCount).map { index in
    let row = scores.row(index)
    bias?.add(to: row, query: firstQuery + index, head: head)
    return exponentials(of: row, count: scores.columnCount)
  }
}

private func divide(_ rows: Rows, by divisors: [Float]) {
  for index in 0..<rows.rowCount {
    let row = rows.row(index)
    let factor = 1 / divisors[index]
    for column in 0..<rows.columnCount { row[column] *= factor }
  }
}

/// Softmax of every row, in place.
package func softmax(_ matrix: Matrix) {
  withRows(matrix) { rows in
    guard rows.columnCount > 0 else { return }
    parallelRanges(rows.rowCount, of: 16) { range in
      for index in range {
        let row = rows.row(index)
        let factor = 1 / exponentials(of: row, count: rows.columnCount)
        for column in 0..<rows.columnCount { row[column] *= factor }
      }
    }
  }
}

/// Replaces the values by e^(value − maximum) and returns their sum; the maximum keeps the largest
/// at 1, so that nothing overflows.
private func exponentials(of row: UnsafeMutablePointer<Float>, count: Int) -> Float {
  let whole = count / 8 * 8
  var maxima = Vector8(repeating: -.infinity)
  for column in stride(from: 0, to: whole, by: 8) {
    let values = Vector8.load(row + column)
    maxima.replace(with: values, where: values .> maxima)
  }
  var maximum = maxima.max()
  for column in whole..<count where row[column] > maximum { maximum = row[column] }
  var total = 0.0
  var partial = Vector8.zero
  for column in stride(from: 0, to: whole, by: 8) {
    let values = exponential(.load(row + column) - maximum)
    values.store(row + column)
    partial += values
    if column & 63 == 56 {
      total += partial.laneSum
      partial = .zero
    }
  }
  total += partial.laneSum
  if whole < count {
    let values = exponential(.load(row + whole, count: count - whole) - maximum)
    values.store(row + whole, count: count - whole)
    for lane in 0..<count - whole { total += Double(values[lane]) }
  }
  return Float(total)
}
