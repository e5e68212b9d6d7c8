/// The header fields that place a volume in space, exactly as the file has them.
///
/// They are kept raw, so that a volume written on the same grid carries the same bits, including
/// the transform that this program did not need.
package struct OrientationFields: Sendable, Hashable {
  /// `pixdim[0…7]`; the first is the sign of the quaternion's third axis, then come the voxel sizes.
  package var voxelSizes: [Float]
  package var quaternionCode: Int16
  package var matrixCode: Int16
  /// `quatern_b`, `quatern_c`, `quatern_d`.
  package var quaternion: [Float]
  /// `qoffset_x`, `qoffset_y`, `qoffset_z`.
  package var quaternionOffset: [Float]
  /// `srow_x`, `srow_y`, `srow_z`: `[3, 4]`, row-major.
  package var matrix: [Float]
  /// `xyzt_units`.
  package var units: UInt8
  /// `dim_info`: which axes were frequency, phase and slice encoded.
  package var encodingAxes: UInt8
  /// `descrip`: at most 80 bytes of anything, without the padding.
  package var note: [UInt8]

  /// A volume in millimetres whose first voxel is the origin and whose axes point right, forward
  /// and up.
  package static func upright(spacing: [Double] = [1, 1, 1]) -> OrientationFields {
    let sizes = spacing.map(Float.init)
    return OrientationFields(
      voxelSizes: [1] + sizes + [0, 0, 0, 0], quaternionCode: 0, matrixCode: 1,
      quaternion: [0, 0, 0], quaternionOffset: [0, 0, 0],
      matrix: [sizes[0], 0, 0, 0, 0, sizes[1], 0, 0, 0, 0, sizes[2], 0], units: 2,
      encodingAxes: 0, note: [])
  }
}
