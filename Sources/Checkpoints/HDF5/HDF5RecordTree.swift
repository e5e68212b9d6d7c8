import Diagnostics

/// A B-tree of version 2, which newer formats keep records of a fixed size in: the links and
/// attributes of a heap by their hashes, the chunks of datasets that can grow along several axes.
struct HDF5RecordTree {
  enum Kind: UInt8 {
    case linksByName = 5
    case attributesByName = 8
    case chunks = 10
    case filteredChunks = 11
  }

  /// The body of every record, in ascending order.
  private(set) var records: [HDF5Cursor] = []
  private let kind: Kind
  let recordByteCount: Int
  private let levels: [Level]
  private static let subject = "B-tree of records"
  /// Real trees have a handful of levels; the format's own bound would let a file of a few
  /// megabytes exhaust the stack.
  private static let maximumDepth = 24

  /// What can lie in a node and below it, counted from the leaves.
  private struct Level {
    let maximumCount: Int
    /// The bytes of a number up to all records of the node and those below it.
    let totalWidth: Int
  }

  /// - Parameter recordByteCounts: the sizes that a record of this kind may have.
  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`, `hdf5-cycle`.
  init(
    at address: UInt64, kind: Kind, recordByteCounts: ClosedRange<Int>, in metadata: HDF5Metadata
  ) throws {
    self.kind = kind
    let subject = HDF5RecordTree.subject
    try metadata.visit(address, subject: subject)
    var header = try metadata.read(at: address, count: 38, subject: subject).withoutChecksum()
    try header.signature("BTHD")
    _ = try header.version(0...0)
    let place = header
    guard try header.u8() == kind.rawValue else { throw place.fault("it is not of kind \(kind)") }
    let nodeByteCount = try header.length(byteCount: 4)
    let (size, depth) = (Int(try header.u16()), Int(try header.u16()))
    try header.skip(2)
    let root = try header.address()
    let (rootCount, total) = (Int(try header.u16()), try header.length())
    guard recordByteCounts.contains(size), depth <= HDF5RecordTree.maximumDepth else {
      throw place.fault("records of \(size) bytes, \(depth) levels deep")
    }
    recordByteCount = size
    levels = try HDF5RecordTree.levels(
      nodeByteCount: nodeByteCount, recordByteCount: size, depth: depth, place)
    if let root, total > 0 { try readNode(at: root, count: rootCount, depth: depth, metadata) }
    guard records.count == total else {
      throw place.fault("it has \(records.count) records where \(total) are declared")
    }
  }

  private static func levels(
    nodeByteCount: Int, recordByteCount: Int, depth: Int, _ place: HDF5Cursor
  ) throws -> [Level] {
    // A signature, a version, a kind and a checksum.
    let overhead = 10
    let leafCount = (nodeByteCount - overhead) / recordByteCount
    var levels = [Level(maximumCount: leafCount, totalWidth: 0)]
    var total = UInt64(clamping: leafCount)
    for level in 0..<depth {
      let pointer = 8 + byteWidth(UInt64(clamping: leafCount)) + levels[level].totalWidth
      let count = (nodeByteCount - overhead - pointer) / (recordByteCount + pointer)
      let below = total.multipliedReportingOverflow(by: UInt64(clamping: count + 1))
      let all = below.partialValue.addingReportingOverflow(UInt64(clamping: count))
      total = below.overflow || all.overflow ? .max : all.partialValue
      levels.append(Level(maximumCount: count, totalWidth: byteWidth(total)))
    }
    guard levels.allSatisfy({ $0.maximumCount > 0 }) else {
      throw place.fault("nodes of \(nodeByteCount) bytes hold no records")
    }
    return levels
  }

  /// The bytes that a number up to `maximum` takes.
  private static func byteWidth(_ maximum: UInt64) -> Int {
    max(1, (UInt64.bitWidth - maximum.leadingZeroBitCount + 7) / 8)
  }

  private mutating func readNode(
    at address: UInt64, count: Int, depth: Int, _ metadata: HDF5Metadata
  ) throws {
    let subject = HDF5RecordTree.subject
    try metadata.visit(address, subject: subject)
    let countWidth = HDF5RecordTree.byteWidth(UInt64(levels[0].maximumCount))
    let totalWidth = depth > 1 ? levels[depth - 1].totalWidth : 0
    let pointers = depth > 0 ? (count + 1) * (8 + countWidth + totalWidth) : 0
    var node = try metadata.read(
      at: address, count: 6 + count * recordByteCount + pointers + 4, subject: subject)
    guard count <= levels[depth].maximumCount else {
      throw node.fault("\(count) records are declared where \(levels[depth].maximumCount) fit")
    }
    node = try node.withoutChecksum()
    try node.signature(depth > 0 ? "BTIN" : "BTLF")
    _ = try node.version(0...0)
    guard try node.u8() == kind.rawValue else { throw node.fault("it is not of kind \(kind)") }
    let own = try (0..<count).map { _ in try node.take(recordByteCount) }
    guard depth > 0 else {
      records += own
      return
    }
    for index in 0...count {
      guard let child = try node.address() else { throw node.fault("a child is nowhere") }
      let childCount = Int(try node.unsigned(byteCount: countWidth))
      try node.skip(totalWidth)
      try readNode(at: child, count: childCount, depth: depth - 1, metadata)
      if index < count { records.append(own[index]) }
    }
  }
}
