import Diagnostics
import Files

/// The first structure of a file: where its addresses count from, where it ends, and its root group.
struct HDF5Superblock {
  /// The offset in the file of address 0: where the signature stands.
  let base: Int
  /// The offset in the file of the first byte after all of HDF5's.
  let end: Int
  let rootHeader: UInt64

  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// - Throws: `hdf5-signature`, `hdf5-truncated`, `hdf5-unsupported`, `hdf5-corrupt`.
  init(reading file: MappedFile) throws {
    guard let base = try HDF5Superblock.signatureOffset(in: file) else {
      throw Fault(
        .hdf5Signature, "no HDF5 signature at byte 0, 512, 1024, 2048, …",
        remedy: "this is not an HDF5 file")
    }
    let count = min(128, file.byteCount - base)
    let bytes = try file.withBytes(in: base..<base + count) { [UInt8](copying: $0) }
    var cursor = HDF5Cursor(bytes, fileOffset: base, subject: "superblock")
    do {
      try cursor.skip(8)
      let version = try cursor.version(0...3)
      let fields =
        version < 2
        ? try HDF5Superblock.oldFields(&cursor, version: version)
        : try HDF5Superblock.newFields(&cursor, version: version, all: bytes)
      // A file whose front was cut off or padded keeps its addresses relative to the signature.
      guard let extent = Int(exactly: fields.end.subtractingReportingOverflow(fields.base).0),
        fields.end >= fields.base, extent <= Int.max - base
      else {
        throw cursor.fault("the declared end of the file is \(fields.end)")
      }
      guard base + extent <= file.byteCount else {
        throw Fault(
          .hdf5Truncated,
          "the file should have \(base + extent) bytes, but it has only \(file.byteCount)",
          at: .init(byteOffset: UInt64(file.byteCount)), remedy: "fetch or copy the file again")
      }
      self.base = base
      end = base + extent
      rootHeader = fields.root
    } catch let fault as Fault where fault.code == .hdf5Corrupt && count < 128 {
      throw Fault(
        .hdf5Truncated, fault.reason, at: fault.place, remedy: "fetch or copy the file again")
    }
  }

  private typealias Fields = (base: UInt64, end: UInt64, root: UInt64)

  private static func oldFields(_ cursor: inout HDF5Cursor, version: UInt8) throws -> Fields {
    try cursor.skip(4)
    try checkSizes(&cursor)
    try cursor.skip(1 + 2 + 2 + 4 + (version == 1 ? 4 : 0))
    let base = try cursor.u64()
    try cursor.skip(8)
    let end = try cursor.u64()
    // Another driver's file: its bytes are spread over several files.
    guard try cursor.address() == nil else {
      throw cursor.fault("a driver other than the plain one wrote this file", .hdf5Unsupported)
    }
    try cursor.skip(8)
    return (base, end, try cursor.u64())
  }

  private static func newFields(
    _ cursor: inout HDF5Cursor, version: UInt8, all bytes: [UInt8]
  ) throws -> Fields {
    try checkSizes(&cursor)
    let flags = try cursor.u8()
    guard version == 2 || flags & 1 == 0 else {
      throw Fault(
        .hdf5Corrupt, "the file was not closed by the program that wrote it",
        remedy: "write it again, or clear its flag with h5clear -s")
    }
    let base = try cursor.u64()
    try cursor.skip(8)
    let end = try cursor.u64()
    let root = try cursor.u64()
    let place = cursor
    guard try cursor.u32() == HDF5Checksum.lookup3(bytes[..<44]) else {
      throw place.fault("its checksum does not match")
    }
    return (base, end, root)
  }

  private static func checkSizes(_ cursor: inout HDF5Cursor) throws {
    let place = cursor
    let (offsets, lengths) = (try cursor.u8(), try cursor.u8())
    guard offsets == 8, lengths == 8 else {
      throw place.fault(
        "addresses of \(offsets) and lengths of \(lengths) bytes; only 8 are read",
        .hdf5Unsupported)
    }
  }

  private static func signatureOffset(in file: MappedFile) throws -> Int? {
    var offset = 0
    while offset <= file.byteCount - signature.count {
      let range = offset..<offset + signature.count
      if try file.withBytes(in: range, { [UInt8](copying: $0) }) == signature { return offset }
      offset = offset == 0 ? 512 : offset * 2
    }
    return nil
  }
}
