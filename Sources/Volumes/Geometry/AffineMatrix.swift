/// Maps voxel indices to millimetres (or whatever unit the file uses): a 4×4 matrix whose last row
/// is 0 0 0 1.
package struct AffineMatrix: Sendable, Hashable {
  /// The upper three rows, row-major `[3, 4]`.
  private let elements: [Double]

  /// - Parameter rows: three rows of four numbers.
  init(rows: [[Double]]) {
    precondition(rows.count == 3 && rows.allSatisfy { $0.count == 4 }, "an affine is 3 rows by 4")
    elements = rows.flatMap { $0 }
  }

  package subscript(row: Int, column: Int) -> Double {
    precondition((0..<4).contains(row) && (0..<4).contains(column), "outside a 4×4 matrix")
    return row < 3 ? elements[row * 4 + column] : (column == 3 ? 1 : 0)
  }

  /// All sixteen elements, row-major.
  package var rowMajor: [Double] { elements + [0, 0, 0, 1] }

  /// How far apart neighbouring voxels lie along each axis: the lengths of the first three columns.
  package var spacing: [Double] {
    (0..<3).map { column in
      (0..<3).reduce(0) { $0 + self[$1, column] * self[$1, column] }.squareRoot()
    }
  }

  var isFinite: Bool { elements.allSatisfy(\.isFinite) }
}
