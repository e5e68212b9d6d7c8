/// A view of a buffer as rows of equal length: tokens `[tokens, channels]`, weights
/// `[outputs, inputs]`, or the pixels of a feature map `[height · width, channels]`.
///
/// Rows may lie further apart than they are long, so that a range of columns is a matrix too: one
/// head's queries inside the joint product, or one part of a concatenation, without a copy. Views
/// share their buffer; a kernel writes only to its `output`, which must not overlap its inputs
/// unless it says so.
package struct Matrix: Sendable {
  package let rowCount: Int
  package let columnCount: Int
  /// The distance between the first elements of two neighbouring rows.
  package let rowStride: Int
  let buffer: FloatBuffer
  let offset: Int

  private init(buffer: FloatBuffer, offset: Int, rows: Int, columns: Int, rowStride: Int) {
    self.buffer = buffer
    self.offset = offset
    rowCount = rows
    columnCount = columns
    self.rowStride = rowStride
  }

  /// Contents unspecified until written.
  package init(rows: Int, columns: Int, from workspace: Workspace? = nil) {
    precondition(rows >= 0 && columns >= 0, "a matrix of \(rows) × \(columns)")
    self.init(
      buffer: FloatBuffer(count: rows * columns, from: workspace), offset: 0, rows: rows,
      columns: columns, rowStride: columns)
  }

  package init(rows: Int, columns: Int, repeating value: Float, from workspace: Workspace? = nil) {
    self.init(rows: rows, columns: columns, from: workspace)
    withRows(self) { $0.fill(with: value) }
  }

  /// Row-major values.
  package init(rows: Int, columns: Int, values: [Float]) {
    precondition(values.count == rows * columns, "\(values.count) values for \(rows) × \(columns)")
    self.init(rows: rows, columns: columns)
    withRows(self) { rows in
      values.withUnsafeBufferPointer { source in
        if let first = source.baseAddress { rows.base.update(from: first, count: source.count) }
      }
    }
  }

  package func columns(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columnCount, "columns \(range)")
    return Matrix(
      buffer: buffer, offset: offset + range.lowerBound, rows: rowCount, columns: range.count,
      rowStride: rowStride)
  }

  package func rows(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rowCount, "rows \(range)")
    return Matrix(
      buffer: buffer, offset: offset + range.lowerBound * rowStride, rows: range.count,
      columns: columnCount, rowStride: rowStride)
  }

  package subscript(row: Int, column: Int) -> Float {
    get {
      checkBounds(row, column)
      return withRows(self) { $0.base[row * rowStride + column] }
    }
    nonmutating set {
      checkBounds(row, column)
      withRows(self) { $0.base[row * rowStride + column] = newValue }
    }
  }

  private func checkBounds(_ row: Int, _ column: Int) {
    precondition(
      row >= 0 && row < rowCount && column >= 0 && column < columnCount,
      "[\(row), \(column)] outside \(rowCount) × \(columnCount)")
  }

  /// A copy of the values, row-major without gaps.
  package var values: [Float] {
    [Float](unsafeUninitializedCapacity: rowCount * columnCount) { target, count in
      withRows(self) { rows in
        for row in 0..<rowCount where columnCount > 0 {
          (target.baseAddress! + row * columnCount).initialize(
            from: rows.row(row), count: columnCount)
        }
      }
      count = rowCount * columnCount
    }
  }

  package func copy(to output: Matrix) {
    precondition(rowCount == output.rowCount && columnCount == output.columnCount)
    withRows(self, output) { source, target in
      for row in 0..<rowCount { target.row(row).update(from: source.row(row), count: columnCount) }
    }
  }
}

/// What a kernel sees of a matrix: a pointer, good for as long as the matrix is held.
struct Rows: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let rowCount: Int
  let columnCount: Int
  let rowStride: Int

  func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * rowStride }

  func rows(_ range: Range<Int>) -> Rows {
    Rows(
      base: row(range.lowerBound), rowCount: range.count, columnCount: columnCount,
      rowStride: rowStride)
  }

  func columns(_ range: Range<Int>) -> Rows {
    Rows(
      base: base + range.lowerBound, rowCount: rowCount, columnCount: range.count,
      rowStride: rowStride)
  }

  func fill(with value: Float) {
    for index in 0..<rowCount { row(index).update(repeating: value, count: columnCount) }
  }
}

extension Matrix {
  fileprivate var unsafeRows: Rows {
    Rows(
      base: buffer.base + offset, rowCount: rowCount, columnCount: columnCount,
      rowStride: rowStride)
  }
}

func withRows<Result>(_ matrix: Matrix, _ body: (Rows) throws -> Result) rethrows -> Result {
  try withExtendedLifetime(matrix) { try body(matrix.unsafeRows) }
}

func withRows<Result>(
  _ first: Matrix, _ second: Matrix, _ body: (Rows, Rows) throws -> Result
) rethrows -> Result {
  try withExtendedLifetime((first, second)) { try body(first.unsafeRows, second.unsafeRows) }
}

func withRows<Result>(
  _ first: Matrix, _ second: Matrix, _ third: Matrix,
  _ body: (Rows, Rows, Rows) throws -> Result
) rethrows -> Result {
  try withExtendedLifetime((first, second, third)) {
    try body(first.unsafeRows, second.unsafeRows, third.unsafeRows)
  }
}

extension Matrix {
  /// The same elements in rows of another length; the matrix must have no gaps between its rows.
  package func reshaped(rows: Int, columns: Int) -> Matrix {
    precondition(rowStride == columnCount && rows * columns == rowCount * columnCount)
    return Matrix(buffer: buffer, offset: offset, rows: rows, columns: columns, rowStride: columns)
  }
}

/// `target += addend`, of the same shape.
package func add(_ addend: Matrix, to target: Matrix) {
  precondition(addend.rowCount == target.rowCount && addend.columnCount == target.columnCount)
  withRows(addend, target) { addend, target in
    parallelRanges(addend.rowCount, of: 256) { range in
      for row in range {
        let (source, sum) = (addend.row(row), target.row(row))
        for column in 0..<addend.columnCount { sum[column] += source[column] }
      }
    }
  }
}
