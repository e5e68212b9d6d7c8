import Glibc

extension Plain {
  package static func softmax(_ scores: [Double]) -> [Double] {
    let maximum = scores.max() ?? 0
    let powers = scores.map { exp($0 - maximum) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// See ``attention(queryKeyValue:headCount:bias:workspace:into:)``.
  ///
  /// - Parameter table: `[(2 · gridHeight − 1)(2 · gridWidth − 1) + 3, heads]`
  package static func attention(
    queryKeyValue: Matrix, headCount: Int, table: Matrix? = nil, gridHeight: Int = 0,
    gridWidth: Int = 0
  ) -> Matrix {
    let tokens = queryKeyValue.rowCount
    let hidden = queryKeyValue.columnCount / 3
    let headSize = hidden / headCount
    let output = Matrix(rows: tokens, columns: hidden)
    for head in 0..<headCount {
      for query in 0..<tokens {
        let scores = (0..<tokens).map { key in
          var score = 0.0
          for column in head * headSize..<(head + 1) * headSize {
            score +=
              Double(queryKeyValue[query, column]) * Double(queryKeyValue[key, hidden + column])
          }
          score /= Double(headSize).squareRoot()
          guard let table else { return score }
          let row = biasRow(
            query: query, key: key, rows: table.rowCount, gridHeight: gridHeight,
            gridWidth: gridWidth)
          return score + Double(table[row, head])
        }
        let weights = softmax(scores)
        for column in head * headSize..<(head + 1) * headSize {
          var sum = 0.0
          for key in 0..<tokens {
            sum += weights[key] * Double(queryKeyValue[key, 2 * hidden + column])
          }
          output[query, column] = Float(sum)
        }
      }
    }
    return output
  }

  /// BEiT's table row for a pair of tokens, the class token being token 0.
  package static func biasRow(
    query: Int, key: Int, rows: Int, gridHeight: Int, gridWidth: Int
  ) -> Int {
    switch (query, key) {
    case (0, 0): rows - 1
    case (_, 0): rows - 2
    case (0, _): rows - 3
    default:
      ((query - 1) / gridWidth - (key - 1) / gridWidth + gridHeight - 1) * (2 * gridWidth - 1)
        + (query - 1) % gridWidth - (key - 1) % gridWidth + gridWidth - 1
    }
  }
}
