/// Which of the two standards a header follows.
package enum NIfTIVersion: Int, Sendable, Hashable, CaseIterable {
  /// `nifti1.h`: 348 bytes, 16-bit extents, transforms in 32 bits.
  case one = 1
  /// `nifti2.h`: 540 bytes, 64-bit extents, transforms in 64 bits.
  case two = 2
}

/// Byte offsets of a header's fields, for the reader and the writer alike.
///
/// Both versions have the same fields; the second orders them anew and widens counts (16 to 64
/// bits), codes (16 to 32) and real numbers (32 to 64).
struct HeaderLayout: Sendable, Equatable {
  let version: NIfTIVersion
  /// The header's length in bytes, which its first field, `sizeof_hdr`, repeats.
  let byteCount: Int
  /// `dim_info`, one byte.
  let encodingAxes: Int
  /// `dim`, 8 counts.
  let dimensions: Int
  /// `datatype`, 16 bits in both versions.
  let voxelType: Int
  /// `bitpix`, 16 bits in both versions.
  let voxelBits: Int
  /// `pixdim`, 8 reals.
  let voxelSizes: Int
  /// `vox_offset`: a 32-bit real in version 1, a 64-bit integer in version 2.
  let voxelOffset: Int
  /// `scl_slope`, a real.
  let slope: Int
  /// `scl_inter`, a real.
  let intercept: Int
  /// `xyzt_units`: one byte in version 1, a code in version 2.
  let units: Int
  /// `descrip`, 80 bytes.
  let note: Int
  /// `qform_code`.
  let quaternionCode: Int
  /// `sform_code`.
  let matrixCode: Int
  /// `quatern_b`, `quatern_c`, `quatern_d`: 3 reals.
  let quaternion: Int
  /// `qoffset_x`, `qoffset_y`, `qoffset_z`: 3 reals.
  let quaternionOffset: Int
  /// `srow_x`, `srow_y`, `srow_z`: 3 × 4 reals.
  let matrix: Int
  /// The magic's place and what it is for one file that holds header and voxels.
  let magic: Int
  let magicBytes: [UInt8]

  static let sizeField = 0
  static let noteLength = 80
  /// The header and the four bytes that announce extensions.
  var smallestVoxelOffset: Int { byteCount + 4 }
  var countWidth: Int { version == .one ? 2 : 8 }
  var realWidth: Int { version == .one ? 4 : 8 }

  static let nifti1 = HeaderLayout(
    version: .one, byteCount: 348, encodingAxes: 39, dimensions: 40, voxelType: 70, voxelBits: 72,
    voxelSizes: 76, voxelOffset: 108, slope: 112, intercept: 116, units: 123, note: 148,
    quaternionCode: 252, matrixCode: 254, quaternion: 256, quaternionOffset: 268, matrix: 280,
    magic: 344, magicBytes: Array("n+1\0".utf8))

  static let nifti2 = HeaderLayout(
    version: .two, byteCount: 540, encodingAxes: 524, dimensions: 16, voxelType: 12, voxelBits: 14,
    voxelSizes: 104, voxelOffset: 168, slope: 176, intercept: 184, units: 500, note: 240,
    quaternionCode: 344, matrixCode: 348, quaternion: 352, quaternionOffset: 376, matrix: 400,
    magic: 4, magicBytes: Array("n+2\0\r\n\u{1A}\n".utf8))

  static func of(_ version: NIfTIVersion) -> HeaderLayout { version == .one ? nifti1 : nifti2 }
}
