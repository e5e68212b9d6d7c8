/// What attention adds to the score of a query and a key, by how far apart they lie on the grid.
///
/// The class token stands before the grid's tokens and has three values of its own.
package struct RelativePositionBias: Sendable {
  package let gridHeight: Int
  package let gridWidth: Int
  package let headCount: Int
  /// Per head `[2 · gridHeight − 1, 2 · gridWidth − 1]` by key minus query, so that the values for
  /// one query and a row of keys lie side by side.
  private let offsets: [Float]
  /// Per head: class token to grid, grid to class token, class token to itself.
  private let classValues: [Float]

  /// - Parameter table: `[(2 · gridHeight − 1)(2 · gridWidth − 1) + 3, heads]` as BEiT stores it:
  ///   by query minus key, row-major, the class token's three rows last.
  package init(table: Matrix, gridHeight: Int, gridWidth: Int) {
    let distances = (2 * gridHeight - 1) * (2 * gridWidth - 1)
    precondition(table.rowCount == distances + 3, "\(table.rowCount) rows of relative positions")
    self.gridHeight = gridHeight
    self.gridWidth = gridWidth
    headCount = table.columnCount
    offsets = (0..<headCount).flatMap { head in
      (0..<distances).reversed().map { table[$0, head] }
    }
    classValues = (0..<headCount).flatMap { head in
      (distances..<distances + 3).map { table[$0, head] }
    }
  }

  package var tokenCount: Int { gridHeight * gridWidth + 1 }

  /// Adds the bias of one query and all keys to their scores.
  func add(to scores: UnsafeMutablePointer<Float>, query: Int, head: Int) {
    let ownClassValues = head * 3
    guard query > 0 else {
      scores[0] += classValues[ownClassValues + 2]
      let toGrid = classValues[ownClassValues]
      for key in 1..<tokenCount { scores[key] += toGrid }
      return
    }
    scores[0] += classValues[ownClassValues + 1]
    let (queryRow, queryColumn) = (query - 1).quotientAndRemainder(dividingBy: gridWidth)
    let width = 2 * gridWidth - 1
    offsets.withUnsafeBufferPointer { offsets in
      let table = offsets.baseAddress! + head * (2 * gridHeight - 1) * width
      for keyRow in 0..<gridHeight {
        let bias =
          table + (keyRow - queryRow + gridHeight - 1) * width + gridWidth - 1 - queryColumn
        let target = scores + 1 + keyRow * gridWidth
        for column in 0..<gridWidth { target[column] += bias[column] }
      }
    }
  }
}
