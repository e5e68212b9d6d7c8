import Diagnostics

/// The chunk index of `libver="latest"` for datasets that cannot grow.
struct HDF5FixedArray {
  let format: HDF5ChunkElementFormat
  private(set) var elements: [HDF5ChunkElement] = []
  private static let subject = "fixed array"

  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`, `hdf5-cycle`.
  init(at address: UInt64, in metadata: HDF5Metadata) throws {
    let subject = HDF5FixedArray.subject
    try metadata.visit(address, subject: subject)
    var header = try HDF5FixedArray.checked(address, byteCount: 28, metadata)
    try header.signature("FAHD")
    _ = try header.version(0...0)
    format = try HDF5ChunkElementFormat(reading: &header)
    let pageBits = Int(try header.u8())
    let count = try header.length()
    guard pageBits < 32 else { throw header.fault("pages of 2^\(pageBits) elements") }
    guard let block = try header.address() else { return }
    try metadata.visit(block, subject: subject)
    let (dataByteCount, overflow) = count.multipliedReportingOverflow(by: format.byteCount)
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
      elements = try format.elements(count, &prefix)
      return
    }
    let bitmap = try prefix.take(bitmapCount).bytes
    var start = block &+ UInt64(prefixCount + 4)
    for page in 0..<pages {
      let pageCount = min(1 << pageBits, count - page << pageBits)
      // A page whose bit is not set was never written: none of its chunks exists.
      if bitmap.hasBit(page) {
        var cursor = try HDF5FixedArray.checked(
          start, byteCount: pageCount * format.byteCount + 4, metadata)
        elements += try format.elements(pageCount, &cursor)
      } else {
        elements += repeatElement(.missing, count: pageCount)
      }
      start &+= UInt64(pageCount * format.byteCount + 4)
    }
  }

  private static func checked(
    _ address: UInt64, byteCount: Int, _ metadata: HDF5Metadata
  ) throws -> HDF5Cursor {
    try metadata.read(at: address, count: byteCount, subject: subject).withoutChecksum()
  }
}

extension ArraySlice<UInt8> {
  /// Whether the bit `index` is set, counting from the highest of every byte.
  func hasBit(_ index: Int) -> Bool {
    self[startIndex + index / 8] & 0x80 >> UInt8(index % 8) != 0
  }
}
