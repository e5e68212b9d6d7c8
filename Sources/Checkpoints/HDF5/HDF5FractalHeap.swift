import Diagnostics

/// The heap in which newer formats keep the links of large groups and the attributes of objects
/// that have many.
///
/// Objects lie in direct blocks, which a table of rows finds: rows double in the size of their
/// blocks, and the later ones hold tables of their own.
struct HDF5FractalHeap {
  private struct Block {
    /// Where it starts in the heap's own address space.
    let offset: UInt64
    let bytes: HDF5Cursor
  }

  let identifierByteCount: Int
  private let header: HDF5FractalHeapHeader
  /// In ascending order of their offsets.
  private var blocks: [Block] = []
  private static let subject = HDF5FractalHeapHeader.subject

  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`, `hdf5-cycle`.
  init(at address: UInt64, in metadata: HDF5Metadata) throws {
    header = try HDF5FractalHeapHeader(at: address, in: metadata)
    identifierByteCount = header.identifierByteCount
    guard let root = header.root else { return }
    if header.rootRowCount == 0 {
      try readBlock(at: root, offset: 0, byteCount: header.startByteCount, metadata)
    } else {
      try readTable(at: root, offset: 0, rowCount: header.rootRowCount, metadata)
    }
  }

  /// The object that an identifier of ``identifierByteCount`` bytes stands for.
  ///
  /// - Throws: `hdf5-corrupt` when there is none, `hdf5-unsupported` when it lies outside of the
  ///   heap's blocks, which neither links nor short attributes do.
  func object(_ identifier: HDF5Cursor) throws -> HDF5Cursor {
    var identifier = identifier
    let place = identifier
    let first = try identifier.u8()
    guard first >> 6 == 0 else { throw place.fault("an identifier of version \(first >> 6)") }
    guard first >> 4 & 3 == 0 else {
      throw place.fault("an object that is kept in a way of its own", .hdf5Unsupported)
    }
    let offset = try identifier.unsigned(byteCount: header.offsetByteCount)
    let count = Int(clamping: try identifier.unsigned(byteCount: header.lengthByteCount))
    guard let block = block(at: offset) else {
      throw place.fault("an object at \(offset), where the heap has no block")
    }
    let start = offset - block.offset
    let bytes = block.bytes
    guard start >= UInt64(header.blockPrefixByteCount), count > 0,
      start <= UInt64(bytes.remaining), count <= bytes.remaining - Int(start)
    else {
      throw place.fault("an object of \(count) bytes at \(offset) does not fit its block")
    }
    var object = bytes
    try object.skip(Int(start))
    return try object.take(count)
  }

  /// The last block that starts at or before `offset`.
  private func block(at offset: UInt64) -> Block? {
    var (low, high) = (0, blocks.count)
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].offset <= offset { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? blocks[low - 1] : nil
  }

  private mutating func readBlock(
    at address: UInt64, offset: UInt64, byteCount: Int, _ metadata: HDF5Metadata
  ) throws {
    try metadata.visit(address, subject: HDF5FractalHeap.subject)
    let bytes = try metadata.read(
      at: address, count: byteCount, subject: HDF5FractalHeap.subject)
    var prefix = bytes
    try prefix.signature("FHDB")
    try header.checkPrefix(&prefix, offset: offset)
    if header.blocksHaveChecksums {
      let stored = prefix
      var covered = Array(bytes.bytes)
      let position = header.blockPrefixByteCount - 4
      covered.replaceSubrange(position..<position + 4, with: [0, 0, 0, 0])
      guard try prefix.u32() == HDF5Checksum.lookup3(covered[...]) else {
        throw stored.fault("its checksum does not match")
      }
    }
    blocks.append(Block(offset: offset, bytes: bytes))
  }

  private mutating func readTable(
    at address: UInt64, offset: UInt64, rowCount: Int, _ metadata: HDF5Metadata
  ) throws {
    try metadata.visit(address, subject: HDF5FractalHeap.subject)
    let prefixCount = 13 + header.offsetByteCount
    var table = try metadata.read(
      at: address, count: prefixCount + rowCount * header.tableWidth * 8 + 4,
      subject: HDF5FractalHeap.subject
    ).withoutChecksum()
    try table.signature("FHIB")
    try header.checkPrefix(&table, offset: offset)
    var next = offset
    for row in 0..<rowCount {
      let byteCount = try header.blockByteCount(inRow: row, table)
      for _ in 0..<header.tableWidth {
        if let child = try table.address() {
          if byteCount <= header.greatestByteCount {
            try readBlock(at: child, offset: next, byteCount: byteCount, metadata)
          } else {
            try readTable(
              at: child, offset: next, rowCount: header.rowCount(ofTableIn: row), metadata)
          }
        }
        next &+= UInt64(byteCount)
      }
    }
  }
}

/// The sizes that a fractal heap is made of.
struct HDF5FractalHeapHeader {
  static let subject = "fractal heap"

  let identifierByteCount: Int
  let blocksHaveChecksums: Bool
  /// Blocks in a row.
  let tableWidth: Int
  /// The size of a block in the first two rows.
  let startByteCount: Int
  /// The size of the largest block that holds objects.
  let greatestByteCount: Int
  let root: UInt64?
  /// Nil rows: the root is a block and no table.
  let rootRowCount: Int
  /// The widths of the numbers in an identifier.
  let offsetByteCount: Int
  let lengthByteCount: Int
  private let address: UInt64

  init(at address: UInt64, in metadata: HDF5Metadata) throws {
    self.address = address
    let subject = HDF5FractalHeapHeader.subject
    try metadata.visit(address, subject: subject)
    var prefix = try metadata.read(at: address, count: 10, subject: subject)
    try prefix.signature("FRHP")
    _ = try prefix.version(0...0)
    identifierByteCount = Int(try prefix.u16())
    guard try prefix.u16() == 0 else {
      throw prefix.fault("its blocks went through filters", .hdf5Unsupported)
    }
    blocksHaveChecksums = try prefix.u8() & 2 != 0
    var cursor = try metadata.read(at: address, count: 146, subject: subject).withoutChecksum()
    try cursor.skip(10)
    let greatestObject = try cursor.u32()
    // Counts and addresses of free space and of large objects.
    try cursor.skip(12 * 8)
    let place = cursor
    tableWidth = Int(try cursor.u16())
    let (start, greatest) = (try cursor.u64(), try cursor.u64())
    let addressBits = Int(try cursor.u16())
    try cursor.skip(2)
    root = try cursor.address()
    rootRowCount = Int(try cursor.u16())
    func isPower(_ number: UInt64) -> Bool { number.nonzeroBitCount == 1 }
    guard isPower(UInt64(tableWidth)), isPower(start), isPower(greatest), start <= greatest,
      greatest <= 1 << 32, (1...64).contains(addressBits), greatestObject > 0
    else { throw place.fault("\(tableWidth) blocks a row, of \(start) to \(greatest) bytes") }
    (startByteCount, greatestByteCount) = (Int(start), Int(greatest))
    offsetByteCount = (addressBits + 7) / 8
    let objectWidth = (UInt32.bitWidth - greatestObject.leadingZeroBitCount + 7) / 8
    lengthByteCount = min((greatestByteCount.trailingZeroBitCount + 7) / 8, objectWidth)
    guard rootRowCount <= 64, identifierByteCount >= 1 + offsetByteCount + lengthByteCount,
      startByteCount >= blockPrefixByteCount
    else { throw place.fault("identifiers of \(identifierByteCount) bytes") }
  }

  /// What comes before the objects of a block.
  var blockPrefixByteCount: Int { 13 + offsetByteCount + (blocksHaveChecksums ? 4 : 0) }

  /// The fields after a block's or a table's signature.
  func checkPrefix(_ cursor: inout HDF5Cursor, offset: UInt64) throws {
    _ = try cursor.version(0...0)
    let place = cursor
    guard try cursor.u64() == address,
      try cursor.unsigned(byteCount: offsetByteCount) == offset
    else { throw place.fault("a block belongs to another heap or another place in it") }
  }

  func blockByteCount(inRow row: Int, _ cursor: HDF5Cursor) throws -> Int {
    let doublings = max(0, row - 1)
    guard startByteCount.trailingZeroBitCount + doublings < 48 else {
      throw cursor.fault("row \(row) has blocks beyond every file's size")
    }
    return startByteCount << doublings
  }

  /// How many rows a table has that stands for a block of `row`: always fewer than `row`, or as
  /// many when a row has but one block.
  func rowCount(ofTableIn row: Int) -> Int {
    max(1, row - tableWidth.trailingZeroBitCount)
  }
}
