import Diagnostics

/// Turns volumes into another frame by exchanging and reversing axes, and labels back: no voxel is
/// mixed with another. Equal to nibabel's `as_reoriented`.
package struct Reorientation: Sendable {
  package let source: VolumeGeometry
  package let target: VolumeGeometry
  /// For each of the target's axes the source's axis that it is.
  private let sourceAxes: [Int]
  /// For each of the target's axes, whether it runs the other way.
  private let isReversed: [Bool]

  /// - Throws: `invalid-orientation` when the source's axes do not span space.
  package init(from source: VolumeGeometry, to codes: AxisCodes) throws {
    let found = try AxisCodes(of: source.affine).axes
    var sourceAxes: [Int] = []
    var isReversed: [Bool] = []
    for wanted in codes.axes {
      let axis = found.firstIndex { $0.spaceAxis == wanted.spaceAxis } ?? 0
      sourceAxes.append(axis)
      isReversed.append(found[axis].isPositive != wanted.isPositive)
    }
    self.source = source
    self.sourceAxes = sourceAxes
    self.isReversed = isReversed
    target = try source.reoriented(sourceAxes: sourceAxes, isReversed: isReversed)
  }

  /// Whether nothing changes.
  package var isIdentity: Bool { sourceAxes == [0, 1, 2] && !isReversed.contains(true) }

  /// - Throws: `extents-mismatch` when the volume does not lie on the source's grid.
  package func applied(to volume: Volume) throws -> Volume {
    try requireGrid(source, of: volume.geometry)
    return try Volume(geometry: target, values: turned(volume.values))
  }

  /// - Throws: as the other.
  package func applied(to labels: LabelVolume) throws -> LabelVolume {
    try requireGrid(source, of: labels.geometry)
    return try LabelVolume(geometry: target, labels: turned(labels.labels))
  }

  /// The way back, onto the source's own geometry.
  ///
  /// - Throws: `extents-mismatch` when the volume does not lie on the target's grid.
  package func reverted(_ volume: Volume) throws -> Volume {
    try requireGrid(target, of: volume.geometry)
    return try Volume(geometry: source, values: turnedBack(volume.values))
  }

  /// - Throws: as the other.
  package func reverted(_ labels: LabelVolume) throws -> LabelVolume {
    try requireGrid(target, of: labels.geometry)
    return try LabelVolume(geometry: source, labels: turnedBack(labels.labels))
  }

  private func requireGrid(_ expected: VolumeGeometry, of found: VolumeGeometry) throws {
    guard found.extents == expected.extents else {
      throw Fault(
        .extentsMismatch,
        "a volume of \(found.extents) voxels is none of \(expected.extents) to be turned")
    }
  }

  /// How far apart in the source's values the target's neighbours along each axis lie, and where the
  /// target's first voxel is.
  private var walk: (strides: [Int], start: Int) {
    let extents = source.extents.counts
    let steps = [1, extents[0], extents[0] * extents[1]]
    var start = 0
    let strides = (0..<3).map { axis in
      let from = sourceAxes[axis]
      guard isReversed[axis] else { return steps[from] }
      start += steps[from] * (extents[from] - 1)
      return -steps[from]
    }
    return (strides, start)
  }

  private func turned<Value>(_ values: [Value]) -> [Value] {
    guard !isIdentity else { return values }
    var result: [Value] = []
    result.reserveCapacity(values.count)
    forEachPlace { result.append(values[$0]) }
    return result
  }

  private func turnedBack<Value>(_ values: [Value]) -> [Value] {
    guard !isIdentity else { return values }
    var result = values
    var next = 0
    forEachPlace { place in
      result[place] = values[next]
      next += 1
    }
    return result
  }

  /// Calls `body` with the place in the source of each of the target's voxels, in the target's order.
  @inline(__always)
  private func forEachPlace(_ body: (Int) -> Void) {
    let (strides, start) = walk
    let extents = target.extents
    for slice in 0..<extents.depth {
      for column in 0..<extents.width {
        var place = start + slice * strides[2] + column * strides[1]
        for _ in 0..<extents.height {
          body(place)
          place += strides[0]
        }
      }
    }
  }
}

extension VolumeGeometry {
  /// The same grid with its axes exchanged and reversed.
  fileprivate func reoriented(sourceAxes: [Int], isReversed: [Bool]) throws -> VolumeGeometry {
    let counts = extents.counts
    // From the target's voxels to the source's.
    var rows = [[Double]](repeating: [0, 0, 0, 0], count: 3)
    for target in 0..<3 {
      let axis = sourceAxes[target]
      rows[axis][target] = isReversed[target] ? -1 : 1
      rows[axis][3] = isReversed[target] ? Double(counts[axis] - 1) : 0
    }
    let new = sourceAxes.map { counts[$0] }
    var fields = orientation.placed(by: affine * AffineMatrix(rows: rows))
    fields.encodingAxes = fields.reorderedEncodingAxes(sourceAxes)
    return try VolumeGeometry(
      extents: VolumeExtents(height: new[0], width: new[1], depth: new[2]), orientation: fields)
  }
}

extension OrientationFields {
  /// The same fields for a grid that `affine` places: in the matrix alone, as only that can hold any.
  func placed(by affine: AffineMatrix) -> OrientationFields {
    var fields = self
    fields.matrixCode = matrixCode > 0 ? matrixCode : max(quaternionCode, 2)
    fields.matrix = Array(affine.rowMajor[..<12])
    fields.quaternionCode = 0
    fields.quaternion = [0, 0, 0]
    fields.quaternionOffset = [0, 0, 0]
    fields.voxelSizes[0] = 1
    fields.voxelSizes.replaceSubrange(1...3, with: affine.spacing)
    return fields
  }

  /// `dim_info` after the axes have been exchanged: two bits each for the axis, counted from 1, that
  /// was frequency, phase and slice encoded.
  fileprivate func reorderedEncodingAxes(_ sourceAxes: [Int]) -> UInt8 {
    (0..<3).reduce(0) { result, field in
      let axis = Int(encodingAxes >> (2 * UInt8(field)) & 3)
      guard axis > 0, let new = sourceAxes.firstIndex(of: axis - 1) else { return result }
      return result | UInt8(new + 1) << (2 * UInt8(field))
    }
  }
}
