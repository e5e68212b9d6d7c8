import Diagnostics

/// Element types that have an object header of their own, to be shared by datasets.
extension HDF5ObjectHeader {
  /// Whether this is such a type and no dataset.
  var isCommittedType: Bool { has(.dataType) && !has(.layout) && !has(.dataspace) }

  /// The element type, from wherever it lies; nil when there is none.
  ///
  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`.
  func dataType(in metadata: HDF5Metadata) throws -> HDF5Cursor? {
    guard var shared = sharedDataType else { return try message(.dataType) }
    let place = shared
    let version = try shared.version(1...3)
    let kind = try shared.u8()
    guard version < 3 || kind == 2 else {
      throw place.fault("its element type lies in the file's heap of messages", .hdf5Unsupported)
    }
    if version == 1 { try shared.skip(6) }
    return try metadata.committedType(at: try shared.u64())
  }
}

extension HDF5Metadata {
  /// The type whose object header stands at `address`: read once, however many datasets share it.
  func committedType(at address: UInt64) throws -> HDF5Cursor {
    if let known = committedTypes[address] { return known }
    return try noteCommittedType(HDF5ObjectHeader(at: address, in: self), at: address)
  }

  /// - Throws: `hdf5-corrupt` when it is no type, `hdf5-unsupported` when it is shared itself.
  @discardableResult
  func noteCommittedType(_ header: HDF5ObjectHeader, at address: UInt64) throws -> HDF5Cursor {
    guard header.isCommittedType, let type = try header.message(.dataType) else {
      throw Fault(
        .hdf5Corrupt, "an element type is looked for where there is none",
        at: .init(byteOffset: UInt64(superblock.base) &+ address))
    }
    committedTypes[address] = type
    return type
  }
}
