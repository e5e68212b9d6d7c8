/// Gaussian elimination with partial pivoting, all right-hand sides at once.
///
/// - Parameters:
///   - matrix: `[count, count]`
///   - right: `[count, count]`, a right-hand side a column
/// - Returns: the solutions, a column each; nil for a matrix that is singular to working precision.
func solution(of matrix: [Double], _ right: [Double], count: Int) -> [Double]? {
  var (matrix, right) = (matrix, right)
  for column in 0..<count {
    let pivot =
      (column..<count).max { abs(matrix[$0 * count + column]) < abs(matrix[$1 * count + column]) }
      ?? column
    guard abs(matrix[pivot * count + column]) > 1e-12 else { return nil }
    if pivot != column {
      for index in 0..<count {
        matrix.swapAt(pivot * count + index, column * count + index)
        right.swapAt(pivot * count + index, column * count + index)
      }
    }
    for row in 0..<count where row != column {
      let factor = matrix[row * count + column] / matrix[column * count + column]
      guard factor != 0 else { continue }
      for index in 0..<count {
        matrix[row * count + index] -= factor * matrix[column * count + index]
        right[row * count + index] -= factor * right[column * count + index]
      }
    }
  }
  for row in 0..<count {
    for index in 0..<count { right[row * count + index] /= matrix[row * count + row] }
  }
  return right
}
