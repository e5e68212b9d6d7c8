extension Matrix {
  /// The first element, row by row, that is infinite or not a number.
  package var firstNonFinite: (row: Int, column: Int)? {
    withRows(self) { rows in
      for index in 0..<rowCount {
        let row = rows.row(index)
        // x − x is 0 for every finite x and NaN for the others; a sum keeps a NaN.
        var column = 0
        var suspect = Vector8.zero
        while column < columnCount {
          let values = Vector8.load(row + column, count: columnCount - column)
          suspect += values - values
          column += 8
        }
        if suspect == .zero { continue }
        for column in 0..<columnCount where !row[column].isFinite { return (index, column) }
      }
      return nil
    }
  }
}
