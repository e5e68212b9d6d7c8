/// Byte offsets of the NIfTI-1 header's fields (`nifti1.h`), for the reader and the writer alike.
enum Field {
  static let headerSize = 0  // sizeof_hdr, Int32
  static let encodingAxes = 39  // dim_info, UInt8
  static let dimensions = 40  // dim, 8 × Int16
  static let voxelType = 70  // datatype, Int16
  static let voxelBits = 72  // bitpix, Int16
  static let voxelSizes = 76  // pixdim, 8 × Float
  static let voxelOffset = 108  // vox_offset, Float
  static let slope = 112  // scl_slope, Float
  static let intercept = 116  // scl_inter, Float
  static let units = 123  // xyzt_units, UInt8
  static let note = 148  // descrip, 80 bytes
  static let quaternionCode = 252  // qform_code, Int16
  static let matrixCode = 254  // sform_code, Int16
  static let quaternion = 256  // quatern_b, c, d, 3 × Float
  static let quaternionOffset = 268  // qoffset_x, y, z, 3 × Float
  static let matrix = 280  // srow_x, y, z, 3 × 4 Float
  static let magic = 344  // 4 bytes

  /// The header's length, which `sizeof_hdr` repeats.
  static let headerLength = 348
  static let noteLength = 80
  /// The header and the four bytes that announce extensions.
  static let smallestVoxelOffset = 352
}
