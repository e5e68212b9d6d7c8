import Diagnostics

/// What the arrays that index chunks hold of each.
struct HDF5ChunkElement: Sendable {
  /// Nil when the chunk was never written.
  let address: UInt64?
  /// Given when the chunk went through filters.
  let byteCount: Int?
  let skippedFilters: UInt32

  static let missing = HDF5ChunkElement(address: nil, byteCount: nil, skippedFilters: 0)
}

/// How wide the elements of such an array are.
struct HDF5ChunkElementFormat: Sendable {
  let isFiltered: Bool
  let byteCount: Int

  /// - Parameter cursor: stands before the array's client (1 when chunks went through filters) and
  ///   the size of an element.
  init(reading cursor: inout HDF5Cursor) throws {
    let place = cursor
    isFiltered = try cursor.u8() == 1
    byteCount = Int(try cursor.u8())
    guard isFiltered ? (13...20).contains(byteCount) : byteCount == 8 else {
      throw place.fault("elements of \(byteCount) bytes")
    }
  }

  func elements(_ count: Int, _ cursor: inout HDF5Cursor) throws -> [HDF5ChunkElement] {
    try (0..<count).map { _ in
      let address = try cursor.address()
      guard isFiltered else {
        return HDF5ChunkElement(address: address, byteCount: nil, skippedFilters: 0)
      }
      let size = try cursor.length(byteCount: byteCount - 12)
      return HDF5ChunkElement(
        address: address, byteCount: size, skippedFilters: try cursor.u32())
    }
  }
}
