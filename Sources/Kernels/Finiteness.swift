import Synchronization

extension Matrix {
  /// The first element, row by row, that is infinite or not a number.
  package var firstNonFinite: (row: Int, column: Int)? {
    withRows(self) { rows in
      let first = Atomic<Int>(rows.rowCount)
      parallelRanges(rows.rowCount, of: 512) { range in
        guard let row = range.first(where: { rows.mayBeNonFinite(row: $0) }) else { return }
        first.min(row, ordering: .relaxed)
      }
      let row = first.load(ordering: .relaxed)
      guard row < rows.rowCount else { return nil }
      return (0..<rows.columnCount).first { !rows.row(row)[$0].isFinite }.map { (row, $0) }
    }
  }
}

extension Rows {
  /// x − x is 0 for every finite x and NaN for the others; a sum keeps a NaN.
  fileprivate func mayBeNonFinite(row index: Int) -> Bool {
    let row = UnsafeRawPointer(row(index))
    var suspect = SIMD8<Float>.zero
    var column = 0
    while column + 8 <= columnCount {
      let values = row.loadUnaligned(
        fromByteOffset: column * MemoryLayout<Float>.stride, as: SIMD8<Float>.self)
      suspect += values - values
      column += 8
    }
    return suspect != .zero || (column..<columnCount).contains { !self.row(index)[$0].isFinite }
  }
}
