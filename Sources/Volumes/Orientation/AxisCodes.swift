import Diagnostics

/// Where a volume's three axes point, as three letters: `RAS` for the patient's right, anterior and
/// superior, the frame that NIfTI's coordinates are given in; L, P and I are their opposites.
package struct AxisCodes: Sendable, Hashable {
  /// One axis of the voxels: along which axis of space it runs (0 right-left, 1 front-back, 2 up and
  /// down), and whether towards that axis's positive end.
  struct Axis: Sendable, Hashable {
    let spaceAxis: Int
    let isPositive: Bool
  }

  let axes: [Axis]
  private static let letters: [[Character]] = [["L", "R"], ["P", "A"], ["I", "S"]]

  package static let ras = AxisCodes(
    axes: (0..<3).map { Axis(spaceAxis: $0, isPositive: true) })

  /// - Parameter axes: three of them, each along another axis of space.
  init(axes: [Axis]) {
    precondition(Set(axes.map(\.spaceAxis)) == [0, 1, 2], "the axes span space")
    self.axes = axes
  }

  /// From three letters in either case.
  ///
  /// - Throws: `usage` when the text is not one letter each of R or L, A or P, S or I.
  package init(parsing text: String) throws {
    let axes = text.uppercased().compactMap { letter in
      AxisCodes.letters.firstIndex { $0.contains(letter) }
        .map { Axis(spaceAxis: $0, isPositive: AxisCodes.letters[$0][1] == letter) }
    }
    guard text.count == 3, Set(axes.map(\.spaceAxis)) == [0, 1, 2] else {
      throw Fault(
        .usage, "\"\(printable(text))\" does not name three axes",
        remedy: "give one letter each of R or L, A or P, S or I, such as RAS")
    }
    self.init(axes: axes)
  }

  /// The frame closest to an affine's: nibabel's `io_orientation`.
  ///
  /// The voxels' directions, freed from shears by the polar decomposition, are matched with the axes
  /// of space, the clearest match first.
  ///
  /// - Throws: `invalid-orientation` when the directions do not span space.
  package init(of affine: AffineMatrix) throws {
    let spacing = affine.spacing
    let directions = affine.linear.map { row in zip(row, spacing).map { $0 / $1 } }
    var rotation = nearestRotation(to: directions)
    let order = (0..<3).sorted { first, second in
      let (a, b) = (largestSquare(rotation, first), largestSquare(rotation, second))
      return a == b ? first < second : a > b
    }
    var axes = [Axis?](repeating: nil, count: 3)
    for axis in order {
      let column = rotation.map { $0[axis] }
      let best = (0..<3).reduce(0) { abs(column[$1]) > abs(column[$0]) ? $1 : $0 }
      guard abs(column[best]) > 1e-8 else {
        throw Fault(
          .invalidOrientation, "the voxels' axes lie in one plane",
          remedy: "write the file again with a valid affine")
      }
      axes[axis] = Axis(spaceAxis: best, isPositive: column[best] > 0)
      // No second axis may have it.
      rotation[best] = [0, 0, 0]
    }
    self.init(axes: axes.compactMap { $0 })
  }
}

extension AxisCodes: CustomStringConvertible {
  package var description: String {
    String(axes.map { AxisCodes.letters[$0.spaceAxis][$0.isPositive ? 1 : 0] })
  }
}

private func largestSquare(_ matrix: [[Double]], _ column: Int) -> Double {
  matrix.map { $0[column] * $0[column] }.max() ?? 0
}

/// The orthogonal factor U·Vᵀ of the 3×3 matrix U·S·Vᵀ, without the directions whose singular value
/// is 0; by one-sided Jacobi rotations.
func nearestRotation(to matrix: [[Double]]) -> [[Double]] {
  // Columns, turned until they are orthogonal: A·V = U·S.
  var a = (0..<3).map { column in matrix.map { $0[column] } }
  var v = (0..<3).map { column in (0..<3).map { $0 == column ? 1.0 : 0 } }
  func dot(_ x: [Double], _ y: [Double]) -> Double { x[0] * y[0] + x[1] * y[1] + x[2] * y[2] }
  for _ in 0..<60 {
    var isDone = true
    for (p, q) in [(0, 1), (0, 2), (1, 2)] {
      let (alpha, beta, gamma) = (dot(a[p], a[p]), dot(a[q], a[q]), dot(a[p], a[q]))
      guard abs(gamma) > 1e-16 * (alpha * beta).squareRoot() else { continue }
      isDone = false
      let zeta = (beta - alpha) / (2 * gamma)
      let t = (zeta < 0 ? -1.0 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
      let c = 1 / (1 + t * t).squareRoot()
      for k in 0..<3 {
        (a[p][k], a[q][k]) = (c * (a[p][k] - t * a[q][k]), c * (a[q][k] + t * a[p][k]))
        (v[p][k], v[q][k]) = (c * (v[p][k] - t * v[q][k]), c * (v[q][k] + t * v[p][k]))
      }
    }
    if isDone { break }
  }
  let sizes = a.map { dot($0, $0).squareRoot() }
  let smallest = (sizes.max() ?? 0) * 3 * Double.ulpOfOne
  var result = [[Double]](repeating: [0, 0, 0], count: 3)
  for k in 0..<3 where sizes[k] > smallest {
    for row in 0..<3 {
      for column in 0..<3 { result[row][column] += a[k][row] / sizes[k] * v[k][column] }
    }
  }
  return result
}
