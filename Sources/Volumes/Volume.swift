import Diagnostics

/// A scan: one finite intensity a voxel.
package struct Volume: Sendable, Equatable {
  package let geometry: VolumeGeometry
  /// In the file's order: the first axis runs fastest (see ``VolumeExtents/index(_:_:_:)``).
  package let values: [Float]

  /// - Throws: `extents-mismatch` when the count of values is not that of the voxels,
  ///   `non-finite-voxel` for the first value that is no number or infinite.
  package init(geometry: VolumeGeometry, values: [Float]) throws {
    let extents = geometry.extents
    guard values.count == extents.voxelCount else {
      throw Fault(
        .extentsMismatch, "a volume of \(extents) voxels cannot have \(values.count) values")
    }
    if let index = firstNonFinite(in: values.span) {
      throw Fault(
        .nonFiniteVoxel,
        "voxel \(extents.voxelName(at: index)) has the intensity \(values[index])",
        remedy: "replace NaN and infinite voxels, for instance by the background's intensity")
    }
    self.geometry = geometry
    self.values = values
  }

  package var extents: VolumeExtents { geometry.extents }

  /// The axial slice `slice`, turned from the file's order to row-major `[height, width]`.
  package func axialPlane(_ slice: Int) -> Plane {
    precondition((0..<extents.depth).contains(slice), "no slice \(slice)")
    return Plane(
      size: extents.plane, values: rowMajorSlice(of: values, extents: extents, slice: slice))
  }
}

/// One slice out of values in the file's order, as `[height, width]`.
func rowMajorSlice<Value>(of values: [Value], extents: VolumeExtents, slice: Int) -> [Value] {
  let (height, width) = (extents.height, extents.width)
  let start = extents.index(0, 0, slice)
  return [Value](unsafeUninitializedCapacity: height * width) { output, count in
    let span = values.span
    for row in 0..<height {
      for column in 0..<width {
        output.initializeElement(
          at: row * width + column, to: span[start + row + column * height])
      }
    }
    count = height * width
  }
}

/// The first value whose exponent bits are all ones.
///
/// The search for whether there is any has no early exit, so that it runs at memory speed.
func firstNonFinite(in values: borrowing Span<Float>) -> Int? {
  let exponent: UInt32 = 0x7F80_0000
  var found = false
  for index in values.indices {
    found = (values[index].bitPattern & exponent == exponent) || found
  }
  guard found else { return nil }
  return values.indices.first { !values[$0].isFinite }
}
