/// The header fields that place a volume in space, exactly as the file has them.
///
/// They are kept raw, in 64 bits whatever the version, so that a volume written on the same grid
/// carries the same bits, including the transform that this program did not need.
package struct OrientationFields: Sendable, Hashable {
  /// The version of the header that they come from, or are meant for.
  package var version: NIfTIVersion = .one
  /// `pixdim[0…7]`; the first is the sign of the quaternion's third axis, then come the voxel sizes.
  package var voxelSizes: [Double]
  package var quaternionCode: Int32
  package var matrixCode: Int32
  /// `quatern_b`, `quatern_c`, `quatern_d`.
  package var quaternion: [Double]
  /// `qoffset_x`, `qoffset_y`, `qoffset_z`.
  package var quaternionOffset: [Double]
  /// `srow_x`, `srow_y`, `srow_z`: `[3, 4]`, row-major.
  package var matrix: [Double]
  /// `xyzt_units`.
  package var units: UInt8
  /// `dim_info`: which axes were frequency, phase and slice encoded.
  package var encodingAxes: UInt8
  /// `descrip`: at most 80 bytes of anything, without the padding.
  package var note: [UInt8]

  /// A volume in millimetres whose first voxel is the origin and whose axes point right, forward
  /// and up.
  package static func upright(spacing: [Double] = [1, 1, 1]) -> OrientationFields {
    let sizes = spacing.map { Double(Float($0)) }
    return OrientationFields(
      voxelSizes: [1] + sizes + [0, 0, 0, 0], quaternionCode: 0, matrixCode: 1,
      quaternion: [0, 0, 0], quaternionOffset: [0, 0, 0],
      matrix: [sizes[0], 0, 0, 0, 0, sizes[1], 0, 0, 0, 0, sizes[2], 0], units: 2,
      encodingAxes: 0, note: [])
  }
}
