/// Where in the source each voxel of the target lies, computed step by step as PyTorch's
/// `affine_grid` and `grid_sample` do (`align_corners=False`, 64 bits, border padding): between two
/// equally near voxels the last bit decides, and a spacing halved or doubled makes many of those.
struct GridCoordinates: Sendable {
  private let target: VolumeExtents
  private let counts: [Double]
  /// For each axis of the source, the share of each axis of the target: one number a voxel index.
  private let terms: [[[Double]]]
  private let constants: [Double]

  /// - Parameter transform: from the target's voxel indices to the source's.
  init(_ transform: AffineMatrix, source: VolumeExtents, target: VolumeExtents) {
    self.target = target
    counts = source.counts.map(Double.init)
    // Both grids run from −1 to 1, from outer edge to outer edge.
    let toUnit = AffineMatrix.scaling(
      counts.map { 2 / $0 }, translation: counts.map { 1 / $0 - 1 })
    let targetCounts = target.counts.map(Double.init)
    let fromUnit = AffineMatrix.scaling(
      targetCounts.map { $0 / 2 }, translation: targetCounts.map { ($0 - 1) / 2 })
    let theta = toUnit * transform * fromUnit
    let positions = target.counts.map(GridCoordinates.unitPositions)
    terms = (0..<3).map { row in
      (0..<3).map { column in positions[column].map { $0 * theta[row, column] } }
    }
    constants = theta.translation
  }

  /// Voxel centres between −1 and 1: `linspace(-1, 1, n) · (n − 1) / n`.
  private static func unitPositions(_ count: Int) -> [Double] {
    guard count > 1 else { return [0] }
    let step = 2 / Double(count - 1)
    let share = Double(count - 1)
    return (0..<count).map { index in
      let position =
        index < count / 2 ? -1 + step * Double(index) : 1 - step * Double(count - 1 - index)
      return position * share / Double(count)
    }
  }

  /// Calls `body` with the source's coordinates of each voxel of a slice of the target.
  @inline(__always)
  func forEach(in slice: Int, _ body: (_ x: Double, _ y: Double, _ z: Double) -> Void) {
    let (x, y, z) = (terms[0], terms[1], terms[2])
    let (xRows, yRows, zRows) = (x[0], y[0], z[0])
    for column in 0..<target.width {
      // The last axis first: PyTorch counts axes backwards.
      let (xStart, yStart, zStart) = (
        x[2][slice] + x[1][column], y[2][slice] + y[1][column], z[2][slice] + z[1][column]
      )
      for row in 0..<target.height {
        body(
          source(xStart + xRows[row] + constants[0], axis: 0),
          source(yStart + yRows[row] + constants[1], axis: 1),
          source(zStart + zRows[row] + constants[2], axis: 2))
      }
    }
  }

  /// From −1…1 to an index, kept inside.
  @inline(__always)
  private func source(_ position: Double, axis: Int) -> Double {
    let index = ((position + 1) * counts[axis] - 1) / 2
    return min(max(index, 0), counts[axis] - 1)
  }
}

extension AffineMatrix {
  static func scaling(_ factors: [Double], translation: [Double]) -> AffineMatrix {
    AffineMatrix(
      linear: (0..<3).map { row in (0..<3).map { $0 == row ? factors[row] : 0 } },
      translation: translation)
  }
}
