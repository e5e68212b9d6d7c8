import Diagnostics

/// The chunk index of `libver="latest"` for datasets that cannot grow.
struct HDF5FixedArray {
  struct Element {
    /// Nil when the chunk was never written.
    let address: UInt64?
    /// Given when the chunk went through filters.
    let byteCount: Int?
    let skippedFilters: UInt32
  }

  let isFiltered: Bool
  private(set) var elements: [Element] = []
  private static let subject = "fixed array"

  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`, `hdf5-cycle`.
  init(at address: UInt64, in metadata: HDF5Metadata) throws {
    let subject = HDF5FixedArray.subject
    try metadata.visit(address, subject: subject)
    var header = try HDF5FixedArray.checked(address, byteCount: 28, metadata)
    try header.signature("FAHD")
    _ = try header.version(0...0)
    isFiltered = try header.u8() == 1
    let elementByteCount = Int(try header.u8())
    let pageBits = Int(try header.u8())
    let count = try header.length()
    guard isFiltered ? (13...20).contains(elementByteCount) : elementByteCount == 8,
      pageBits < 32
    else { throw header.fault("elements of \(elementByteCount) bytes, pages of 2^\(pageBits)") }
    guard let block = try header.address() else { return }
    try metadata.visit(block, subject: subject)
    let (dataByteCount, overflow) = count.multipliedReportingOverflow(by: elementByteCount)
    guard !overflow, dataByteCount <= metadata.file.byteCount else {
      throw header.fault("\(count) elements are declared, more than the file can hold")
    }
    let pages = count > 1 << pageBits ? (count - 1) >> pageBits + 1 : 0
    let bitmapCount = (pages + 7) / 8
    let prefixCount = 14 + bitmapCount
    var prefix = try HDF5FixedArray.checked(
      block, byteCount: prefixCount + (pages == 0 ? dataByteCount : 0) + 4, metadata)
    try prefix.signature("FADB")
    _ = try prefix.version(0...0)
    try prefix.skip(1 + 8)
    guard pages > 0 else {
      try readElements(count, elementByteCount, &prefix)
      return
    }
    let bitmap = try prefix.take(bitmapCount)
    var start = block &+ UInt64(prefixCount + 4)
    for page in 0..<pages {
      let pageCount = min(1 << pageBits, count - page << pageBits)
      // A page whose bit is not set was never written: none of its chunks exists.
      if HDF5FixedArray.isSet(page, in: bitmap.bytes) {
        var cursor = try HDF5FixedArray.checked(
          start, byteCount: pageCount * elementByteCount + 4, metadata)
        try readElements(pageCount, elementByteCount, &cursor)
      } else {
        let missing = Element(address: nil, byteCount: nil, skippedFilters: 0)
        elements.append(contentsOf: repeatElement(missing, count: pageCount))
      }
      start &+= UInt64(pageCount * elementByteCount + 4)
    }
  }

  private mutating func readElements(
    _ count: Int, _ elementByteCount: Int, _ cursor: inout HDF5Cursor
  ) throws {
    for _ in 0..<count {
      let address = try cursor.address()
      if isFiltered {
        let byteCount = try cursor.length(byteCount: elementByteCount - 12)
        let skipped = try cursor.u32()
        elements.append(
          Element(address: address, byteCount: byteCount, skippedFilters: skipped))
      } else {
        elements.append(Element(address: address, byteCount: nil, skippedFilters: 0))
      }
    }
  }

  /// Bits count from the highest of every byte.
  private static func isSet(_ page: Int, in bitmap: ArraySlice<UInt8>) -> Bool {
    bitmap[bitmap.startIndex + page / 8] & 0x80 >> UInt8(page % 8) != 0
  }

  private static func checked(
    _ address: UInt64, byteCount: Int, _ metadata: HDF5Metadata
  ) throws -> HDF5Cursor {
    try metadata.read(at: address, count: byteCount, subject: subject).withoutChecksum()
  }
}
