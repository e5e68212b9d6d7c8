import Diagnostics

/// A node of a B-tree of version 1, which finds the symbols of a group or the chunks of a dataset.
struct HDF5TreeNode {
  enum Kind: UInt8 {
    case group = 0
    case chunks = 1
  }

  struct Entry {
    /// The key before the child.
    let key: HDF5Cursor
    let child: UInt64
  }

  let level: UInt8
  let entries: [Entry]

  /// - Parameter level: the level that the node above implies, or nil at the root. Levels that
  ///   count down keep a damaged tree from leading round in circles.
  /// - Throws: `hdf5-corrupt`, `hdf5-cycle`.
  init(
    at address: UInt64, kind: Kind, level expected: UInt8?, keyByteCount: Int,
    in metadata: HDF5Metadata
  ) throws {
    let subject = "B-tree node"
    try metadata.visit(address, subject: subject)
    var start = try metadata.read(at: address, count: 24, subject: subject)
    try start.signature("TREE")
    let place = start
    guard try start.u8() == kind.rawValue else { throw place.fault("it is not of kind \(kind)") }
    let level = try start.u8()
    guard expected == nil || expected == level else {
      throw place.fault("a node of level \(level) lies under level \(Int(expected ?? 0) + 1)")
    }
    self.level = level
    let count = Int(try start.u16())
    var rest = try metadata.read(
      at: address &+ 24, count: count * (keyByteCount + 8), subject: subject)
    entries = try (0..<count).map { _ in
      Entry(key: try rest.take(keyByteCount), child: try rest.u64())
    }
  }
}
