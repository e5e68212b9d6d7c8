import Diagnostics

/// What the chunks of a dataset went through on their way to the file, in that order.
struct HDF5FilterPipeline: Sendable, Hashable {
  enum Filter: UInt16, Sendable {
    case deflate = 1
    /// First bytes of all elements first, then the second bytes, and so on.
    case shuffle = 2
    /// A checksum at the end.
    case fletcher32 = 3
  }

  private(set) var filters: [Filter] = []

  /// No filter at all.
  init() {}

  /// - Throws: `hdf5-filter` for any filter but deflate, shuffle and Fletcher-32, each at most once.
  init(reading cursor: HDF5Cursor, elementByteCount: Int) throws {
    var cursor = cursor
    let version = try cursor.version(1...2)
    let count = try cursor.u8()
    if version == 1 { try cursor.skip(6) }
    for _ in 0..<count {
      let filter = try HDF5FilterPipeline.filter(
        &cursor, version: version, elementByteCount: elementByteCount)
      guard !filters.contains(filter) else {
        throw Fault(.hdf5Filter, "the chunks go through the \(filter) filter twice")
      }
      filters.append(filter)
    }
  }

  private static func filter(
    _ cursor: inout HDF5Cursor, version: UInt8, elementByteCount: Int
  ) throws -> Filter {
    let number = try cursor.u16()
    let nameCount = version == 1 || number >= 256 ? try cursor.length(byteCount: 2) : 0
    try cursor.skip(2)
    let valueCount = try cursor.length(byteCount: 2)
    try cursor.skip(version == 1 ? (nameCount + 7) / 8 * 8 : nameCount)
    let values = try (0..<valueCount).map { _ in try cursor.u32() }
    if version == 1, !valueCount.isMultiple(of: 2) { try cursor.skip(4) }
    guard let filter = Filter(rawValue: number) else {
      throw Fault(
        .hdf5Filter, "the chunks went through filter \(number) (\(name(ofFilter: number)))",
        at: .init(byteOffset: UInt64(cursor.fileOffset)),
        remedy: "write the dataset with gzip or without compression")
    }
    if filter == .shuffle, let size = values.first, Int(size) != elementByteCount {
      throw cursor.fault("elements of \(size) bytes are shuffled, of \(elementByteCount) stored")
    }
    return filter
  }

  private static func name(ofFilter number: UInt16) -> String {
    switch number {
    case 4: "szip"
    case 5: "n-bit"
    case 6: "scale-offset"
    case 32000: "LZF"
    case 32001: "Blosc"
    case 32004: "LZ4"
    case 32013: "ZFP"
    case 32015: "Zstandard"
    default: "not one of HDF5's own"
    }
  }
}
