import Kernels
import Testing

@Suite struct MatrixTests {
  @Test func viewsShareTheirBuffer() {
    let matrix = Matrix(rows: 3, columns: 4, values: (0..<12).map { Float($0) })
    let view = matrix.rows(1..<3).columns(1..<3)
    #expect(view.values == [5, 6, 9, 10])
    view[1, 0] = -1
    #expect(matrix[2, 1] == -1)
    #expect(view.rowStride == 4)
  }

  @Test func copiesIntoAPartOfAWiderMatrix() {
    let whole = Matrix(rows: 2, columns: 5, repeating: 0)
    Matrix(rows: 2, columns: 2, values: [1, 2, 3, 4]).copy(to: whole.columns(2..<4))
    #expect(whole.values == [0, 0, 1, 2, 0, 0, 0, 3, 4, 0])
  }

  @Test func workspaceHandsMemoryOutAgain() {
    let workspace = Workspace()
    do {
      let first = Matrix(rows: 100, columns: 100, repeating: 7, from: workspace)
      #expect(first[99, 99] == 7)
    }
    let second = Matrix(rows: 90, columns: 100, from: workspace)
    // The contents are unspecified, but a block that came back still holds what was in it.
    #expect(second[89, 99] == 7)
    let third = Matrix(rows: 90, columns: 100, repeating: 1, from: workspace)
    #expect(second[0, 0] == 7)
    #expect(third[0, 0] == 1)
  }

  @Test func neighboursThatCameBackServeALargerBlock() {
    let workspace = Workspace()
    let large = 1 << 20
    do {
      let first = Matrix(rows: 1, columns: large, repeating: 7, from: workspace)
      let second = Matrix(rows: 1, columns: large, repeating: 8, from: workspace)
      #expect(first[0, large - 1] == 7 && second[0, 0] == 8)
    }
    let joint = Matrix(rows: 1, columns: 2 * large, from: workspace)
    #expect(joint[0, 0] == 7 && joint[0, 2 * large - 1] == 8)
    let other = Matrix(rows: 1, columns: large, repeating: 9, from: workspace)
    #expect(joint[0, 0] == 7 && joint[0, large] == 8 && other[0, 0] == 9)
  }

  @Test(arguments: [1, 7, 8, 9, 33])
  func findsTheFirstNonFiniteElement(columns: Int) {
    let matrix = Matrix(rows: 4, columns: columns, repeating: .greatestFiniteMagnitude)
    #expect(matrix.firstNonFinite == nil)
    matrix[3, 0] = .infinity
    matrix[2, columns - 1] = .nan
    #expect(matrix.firstNonFinite! == (2, columns - 1))
  }
}
