import Diagnostics

/// What stands for elements that were never written.
enum HDF5FillValue {
  static let zeroRemedy = "write the whole dataset, or create it without a fill value"

  /// Whether unwritten elements are zero.
  ///
  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`.
  static func isZero(in header: HDF5ObjectHeader) throws -> Bool {
    if var cursor = try header.message(.fillValue) {
      let version = try cursor.version(1...3)
      let hasValue: Bool
      if version == 3 {
        let flags = try cursor.u8()
        guard flags & 0x10 == 0 else { return false }
        hasValue = flags & 0x20 != 0
      } else {
        try cursor.skip(2)
        let isDefined = try cursor.u8() != 0
        hasValue = version == 1 || isDefined
      }
      return hasValue ? try isZero(&cursor) : true
    }
    guard var cursor = try header.message(.oldFillValue) else { return true }
    return try isZero(&cursor)
  }

  private static func isZero(_ cursor: inout HDF5Cursor) throws -> Bool {
    let size = try cursor.u32()
    // All ones: the writer said that there is no value.
    guard size != .max else { return false }
    return try cursor.take(Int(size), subject: "fill value").bytes.allSatisfy { $0 == 0 }
  }
}
