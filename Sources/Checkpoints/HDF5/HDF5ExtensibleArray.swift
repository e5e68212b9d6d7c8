import Diagnostics

/// The chunk index of `libver="latest"` for datasets that can grow along one axis.
///
/// An index block holds the first elements and leads to data blocks and to super blocks, each with
/// more and larger data blocks than the one before. Large data blocks are divided into pages.
struct HDF5ExtensibleArray {
  let format: HDF5ChunkElementFormat
  /// Stretches of elements, each with its first one's number.
  private(set) var runs: [(start: UInt64, elements: [HDF5ChunkElement])] = []
  private let sizes: Sizes
  private let address: UInt64
  private static let subject = "extensible array"

  private struct Sizes {
    let addressBits: Int
    let directCount: Int
    let leastElementCount: Int
    let pointerCount: Int
    let pageBits: Int

    /// The data blocks that the super block of this number leads to.
    func blockCount(inSuper number: Int) -> Int { 1 << (number / 2) }
    /// The elements in each of them.
    func elementCount(inSuper number: Int) -> Int { leastElementCount << ((number + 1) / 2) }
    var offsetByteCount: Int { (addressBits + 7) / 8 }
    /// Super blocks whose data blocks the index block itself leads to.
    var inlineSuperCount: Int { 2 * pointerCount.trailingZeroBitCount }
    var superCount: Int { 1 + addressBits - leastElementCount.trailingZeroBitCount }

    init(reading cursor: inout HDF5Cursor) throws {
      let place = cursor
      addressBits = Int(try cursor.u8())
      directCount = Int(try cursor.u8())
      leastElementCount = Int(try cursor.u8())
      pointerCount = Int(try cursor.u8())
      pageBits = Int(try cursor.u8())
      // Beyond 48 bits no file holds the elements; smaller numbers cannot overflow below.
      guard (1...48).contains(addressBits), leastElementCount.nonzeroBitCount == 1,
        pointerCount.nonzeroBitCount == 1, pageBits < 32, superCount >= inlineSuperCount
      else { throw place.fault("its sizes contradict each other") }
    }
  }

  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`, `hdf5-cycle`.
  init(at address: UInt64, in metadata: HDF5Metadata) throws {
    let subject = HDF5ExtensibleArray.subject
    self.address = address
    try metadata.visit(address, subject: subject)
    var header = try metadata.read(at: address, count: 72, subject: subject).withoutChecksum()
    try header.signature("EAHD")
    _ = try header.version(0...0)
    format = try HDF5ChunkElementFormat(reading: &header)
    sizes = try Sizes(reading: &header)
    // How many blocks and elements there are, which the addresses say too.
    try header.skip(6 * 8)
    guard let index = try header.address() else { return }
    try readIndex(at: index, metadata)
  }

  private mutating func readIndex(at address: UInt64, _ metadata: HDF5Metadata) throws {
    let inline = sizes.inlineSuperCount
    let blockCount = (0..<inline).reduce(0) { $0 + sizes.blockCount(inSuper: $1) }
    let superCount = sizes.superCount - inline
    var block = try self.block(
      "EAIB", at: address,
      byteCount: sizes.directCount * format.byteCount + (blockCount + superCount) * 8, metadata)
    runs.append((0, try format.elements(sizes.directCount, &block)))
    var start = UInt64(sizes.directCount)
    for number in 0..<inline {
      let count = sizes.elementCount(inSuper: number)
      for _ in 0..<sizes.blockCount(inSuper: number) {
        if let child = try block.address() {
          try readBlock(at: child, count: count, start: start, pages: [], metadata)
        }
        start += UInt64(count)
      }
    }
    for number in inline..<sizes.superCount {
      if let child = try block.address() {
        try readSuper(number, at: child, start: start, metadata)
      }
      start += UInt64(sizes.elementCount(inSuper: number) * sizes.blockCount(inSuper: number))
    }
  }

  private mutating func readSuper(
    _ number: Int, at address: UInt64, start: UInt64, _ metadata: HDF5Metadata
  ) throws {
    let count = sizes.elementCount(inSuper: number)
    let blockCount = sizes.blockCount(inSuper: number)
    // A bit for every page of every data block: without gaps, though the room is counted in whole
    // bytes a block.
    let pageCount = isPaged(count) ? count >> sizes.pageBits : 0
    let bitmapCount = blockCount * ((pageCount + 7) / 8)
    var block = try self.block(
      "EASB", at: address, byteCount: sizes.offsetByteCount + bitmapCount + blockCount * 8, metadata
    )
    try block.skip(sizes.offsetByteCount)
    let bitmap = try block.take(bitmapCount).bytes
    var start = start
    for number in 0..<blockCount {
      if let child = try block.address() {
        let pages = (number * pageCount..<(number + 1) * pageCount).map(bitmap.hasBit)
        try readBlock(at: child, count: count, start: start, pages: pages, metadata)
      }
      start += UInt64(count)
    }
  }

  private func isPaged(_ count: Int) -> Bool { count > 1 << sizes.pageBits }

  /// - Parameter pages: which of the block's pages were written, when it has any.
  private mutating func readBlock(
    at address: UInt64, count: Int, start: UInt64, pages: [Bool],
    _ metadata: HDF5Metadata
  ) throws {
    let paged = isPaged(count)
    let prefixCount = sizes.offsetByteCount
    var block = try self.block(
      "EADB", at: address, byteCount: prefixCount + (paged ? 0 : count * format.byteCount),
      metadata)
    try block.skip(prefixCount)
    guard paged else {
      runs.append((start, try format.elements(count, &block)))
      return
    }
    guard !pages.isEmpty else { throw block.fault("a block without a bitmap has pages") }
    let pageCount = 1 << sizes.pageBits
    let pageByteCount = pageCount * format.byteCount + 4
    var position = address &+ UInt64(14 + prefixCount + 4)
    for (page, isWritten) in pages.enumerated() {
      if isWritten {
        var cursor = try metadata.read(
          at: position, count: pageByteCount, subject: HDF5ExtensibleArray.subject
        ).withoutChecksum()
        let elements = try format.elements(pageCount, &cursor)
        runs.append((start + UInt64(page << sizes.pageBits), elements))
      }
      position &+= UInt64(pageByteCount)
    }
  }

  /// A block after the fields that all kinds begin with.
  ///
  /// - Parameter byteCount: what lies between these and the checksum.
  private func block(
    _ signature: String, at address: UInt64, byteCount: Int, _ metadata: HDF5Metadata
  ) throws -> HDF5Cursor {
    try metadata.visit(address, subject: HDF5ExtensibleArray.subject)
    var block = try metadata.read(
      at: address, count: 14 + byteCount + 4, subject: HDF5ExtensibleArray.subject
    ).withoutChecksum()
    try block.signature(signature)
    _ = try block.version(0...0)
    try block.skip(1)
    let place = block
    guard try block.u64() == self.address else {
      throw place.fault("a block belongs to another array")
    }
    return block
  }
}
