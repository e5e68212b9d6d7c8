import Diagnostics

extension VolumeGeometry {
  /// The grid over the same space whose voxels lie `spacing` apart: MONAI's `Spacing`.
  ///
  /// Axes keep their directions, freed from shears. The grid begins at the corner of the old one's
  /// voxel centres that is smallest along all its axes, or shares its middle when there is none; it
  /// has as many voxels as fit between the outermost centres, rounded.
  ///
  /// - Parameter spacing: along the three axes, in the file's unit; 0 or less keeps what there is.
  /// - Throws: `usage` when `spacing` is not three finite numbers, `invalid-orientation` when the axes
  ///   do not span space, `invalid-dimensions` when the voxels would be too many.
  package func respaced(to spacing: [Double]) throws -> VolumeGeometry {
    guard spacing.count == 3, spacing.allSatisfy(\.isFinite) else {
      throw Fault(.usage, "a spacing is three numbers, one for each axis")
    }
    let wanted = zip(spacing, affine.spacing).map { $0 > 0 ? $0 : $1 }
    let linear = try unsheared(affine.linear, spacing: wanted)
    guard let inverse = inverted(linear) else { throw flatAxes }
    // The old corners as the new grid counts, up to where it begins.
    let corners = (0..<8).map { corner in
      (0..<3).map { corner >> (2 - $0) & 1 == 1 ? Double(extents.counts[$0] - 1) : 0 }
    }
    let places = corners.map { affine.applied(to: $0) }
    let counted = places.map { place in
      (0..<3).map { axis in (0..<3).reduce(0) { $0 + inverse[axis][$1] * place[$1] } }
    }
    let lowest = (0..<3).map { axis in counted.map { $0[axis] }.min() ?? 0 }
    let highest = (0..<3).map { axis in counted.map { $0[axis] }.max() ?? 0 }
    let counts = try (0..<3).map { axis in
      try voxelCount((highest[axis] - lowest[axis] + 1).rounded(.toNearestOrEven))
    }
    let first = counted.firstIndex { corner in
      (0..<3).allSatisfy { abs(lowest[$0] - corner[$0]) <= 1e-8 }
    }
    let origin = first.map { places[$0] } ?? sharedMiddle(linear, counts: counts)
    return try VolumeGeometry(
      extents: VolumeExtents(height: counts[0], width: counts[1], depth: counts[2]),
      orientation: orientation.placed(by: AffineMatrix(linear: linear, translation: origin)))
  }

  private func voxelCount(_ count: Double) throws -> Int {
    guard let count = Int(exactly: count), count > 0 else {
      throw Fault(
        .invalidDimensions, "the spacing asks for \(count) voxels along an axis",
        remedy: "give a spacing near the scan's own \(spacing)")
    }
    return count
  }

  /// Where a grid begins whose middle is this one's.
  private func sharedMiddle(_ linear: [[Double]], counts: [Int]) -> [Double] {
    let middle = affine.applied(to: extents.counts.map { Double($0) / 2 })
    return (0..<3).map { axis in
      middle[axis] - (0..<3).reduce(0) { $0 + linear[axis][$1] * Double(counts[$1]) / 2 }
    }
  }

  /// The rotation of the Cholesky decomposition of AᵀA, its axes scaled to `spacing`.
  private func unsheared(_ a: [[Double]], spacing: [Double]) throws -> [[Double]] {
    var upper = [[Double]](repeating: [0, 0, 0], count: 3)
    for row in 0..<3 {
      for column in row..<3 {
        let product = (0..<3).reduce(0) { $0 + a[$1][row] * a[$1][column] }
        let rest = product - (0..<row).reduce(0) { $0 + upper[$1][row] * upper[$1][column] }
        guard row != column else {
          guard rest > 0 else { throw flatAxes }
          upper[row][row] = rest.squareRoot()
          continue
        }
        upper[row][column] = rest / upper[row][row]
      }
    }
    guard let inverse = inverted(upper) else { throw flatAxes }
    return (0..<3).map { row in
      (0..<3).map { column in
        (0..<3).reduce(0) { $0 + a[row][$1] * inverse[$1][column] } * spacing[column]
      }
    }
  }

  private var flatAxes: Fault {
    Fault(
      .invalidOrientation, "the voxels' axes lie in one plane",
      remedy: "write the file again with a valid affine")
  }
}
