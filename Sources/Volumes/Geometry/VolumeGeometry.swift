/// A volume's grid and where it lies in space.
package struct VolumeGeometry: Sendable, Hashable {
  package let extents: VolumeExtents
  /// The header fields behind `affine`, for a file on the same grid.
  package let orientation: OrientationFields
  /// From voxel indices (first, second, third axis, 1) to coordinates in the file's unit, with x
  /// towards the patient's right, y forward, z up.
  package let affine: AffineMatrix

  /// - Throws: `invalid-orientation` when the fields describe no transform.
  package init(extents: VolumeExtents, orientation: OrientationFields) throws {
    self.extents = extents
    self.orientation = orientation
    affine = try orientation.affine(extents: extents)
  }

  /// How far apart neighbouring voxels lie along the three axes, in the file's unit.
  package var spacing: [Double] { affine.spacing }
}
