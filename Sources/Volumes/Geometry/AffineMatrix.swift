/// Maps voxel indices to millimetres (or whatever unit the file uses): a 4×4 matrix whose last row
/// is 0 0 0 1.
package struct AffineMatrix: Sendable, Hashable {
  /// The upper three rows, row-major `[3, 4]`.
  private let elements: [Double]

  static let identity = AffineMatrix(rows: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])

  /// - Parameter rows: three rows of four numbers.
  init(rows: [[Double]]) {
    precondition(rows.count == 3 && rows.allSatisfy { $0.count == 4 }, "an affine is 3 rows by 4")
    elements = rows.flatMap { $0 }
  }

  /// - Parameters:
  ///   - linear: `[3, 3]`.
  ///   - translation: three numbers.
  init(linear: [[Double]], translation: [Double]) {
    self.init(rows: (0..<3).map { linear[$0] + [translation[$0]] })
  }

  package subscript(row: Int, column: Int) -> Double {
    precondition((0..<4).contains(row) && (0..<4).contains(column), "outside a 4×4 matrix")
    return row < 3 ? elements[row * 4 + column] : (column == 3 ? 1 : 0)
  }

  /// All sixteen elements, row-major.
  package var rowMajor: [Double] { elements + [0, 0, 0, 1] }

  /// The upper left 3×3, row by row.
  var linear: [[Double]] { (0..<3).map { row in (0..<3).map { self[row, $0] } } }
  var translation: [Double] { (0..<3).map { self[$0, 3] } }

  /// How far apart neighbouring voxels lie along each axis: the lengths of the first three columns.
  package var spacing: [Double] {
    (0..<3).map { column in
      (0..<3).reduce(0) { $0 + self[$1, column] * self[$1, column] }.squareRoot()
    }
  }

  var isFinite: Bool { elements.allSatisfy(\.isFinite) }

  /// Of the 3×3: the volume of a voxel, negative for left-handed axes.
  var determinant: Double {
    let m = linear
    return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
      - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
      + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
  }

  func applied(to point: [Double]) -> [Double] {
    (0..<3).map { row in
      self[row, 0] * point[0] + self[row, 1] * point[1] + self[row, 2] * point[2] + self[row, 3]
    }
  }

  /// First `right`, then `left`.
  static func * (left: AffineMatrix, right: AffineMatrix) -> AffineMatrix {
    AffineMatrix(
      rows: (0..<3).map { row in
        (0..<4).map { column in (0..<4).reduce(0) { $0 + left[row, $1] * right[$1, column] } }
      })
  }

  /// nil when the voxels' axes span no space.
  var inverse: AffineMatrix? {
    guard let inverse = inverted(linear) else { return nil }
    let moved = (0..<3).map { row in
      -(0..<3).reduce(0) { $0 + inverse[row][$1] * self[$1, 3] }
    }
    return AffineMatrix(linear: inverse, translation: moved)
  }
}

/// The inverse of a 3×3 matrix by elimination with pivots; nil when it is singular.
func inverted(_ matrix: [[Double]]) -> [[Double]]? {
  var rows = (0..<3).map { row in matrix[row] + (0..<3).map { $0 == row ? 1 : 0 } }
  for column in 0..<3 {
    let candidates = (column..<3).sorted { abs(rows[$0][column]) > abs(rows[$1][column]) }
    rows.swapAt(column, candidates[0])
    let pivot = rows[column][column]
    guard pivot != 0, pivot.isFinite else { return nil }
    rows[column] = rows[column].map { $0 / pivot }
    for row in 0..<3 where row != column {
      let factor = rows[row][column]
      rows[row] = zip(rows[row], rows[column]).map { $0 - factor * $1 }
    }
  }
  let result = rows.map { Array($0[3...]) }
  return result.allSatisfy { $0.allSatisfy(\.isFinite) } ? result : nil
}
