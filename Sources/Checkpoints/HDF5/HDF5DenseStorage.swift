import Diagnostics

/// The links or the attributes of an object that has so many of them that they lie in a heap, with
/// an index of their names' hashes.
struct HDF5DenseStorage {
  private let heap: HDF5FractalHeap
  private let index: HDF5RecordTree

  /// - Parameter info: the message that says where they are, after its version.
  /// - Returns: nil when they are ordinary messages.
  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`, `hdf5-cycle`.
  init?(
    _ info: HDF5Cursor, kind: HDF5RecordTree.Kind, in metadata: HDF5Metadata
  ) throws {
    var info = info
    _ = try info.version(0...0)
    let flags = try info.u8()
    let creationOrderWidth = kind == .linksByName ? 8 : 2
    try info.skip(flags & 1 != 0 ? creationOrderWidth : 0)
    let heapAddress = try info.address()
    let place = info
    guard let heapAddress else { return nil }
    guard let indexAddress = try info.address() else {
      throw place.fault("a heap without an index of names")
    }
    heap = try HDF5FractalHeap(at: heapAddress, in: metadata)
    // Links: a hash, an identifier. Attributes: an identifier, flags, a number, a hash.
    let byteCount = heap.identifierByteCount + (kind == .linksByName ? 4 : 9)
    index = try HDF5RecordTree(
      at: indexAddress, kind: kind, recordByteCounts: byteCount...byteCount, in: metadata)
  }

  /// Every link, with the hash of its name.
  func links() throws -> [(hash: UInt32, message: HDF5Cursor)] {
    try index.records.map { record in
      var record = record
      return (try record.u32(), try heap.object(record))
    }
  }

  /// The attributes whose names have one of these hashes.
  func attributes(hashes: Set<UInt32>) throws -> [HDF5Cursor] {
    try index.records.compactMap { record in
      var record = record
      let identifier = try record.take(heap.identifierByteCount)
      let flags = try record.u8()
      try record.skip(4)
      guard hashes.contains(try record.u32()) else { return nil }
      guard flags & 2 == 0 else {
        throw identifier.fault("an attribute is shared with other objects", .hdf5Unsupported)
      }
      return try heap.object(identifier)
    }
  }
}
