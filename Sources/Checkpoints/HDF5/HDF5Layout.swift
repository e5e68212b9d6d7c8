import Diagnostics

/// How a dataset's elements lie in the file.
enum HDF5Layout {
  /// Within the object header, at this offset in the file.
  case compact(Range<Int>)
  /// In one piece; nil when nothing was ever written.
  case contiguous(address: UInt64?, byteCount: Int)
  case chunked(HDF5ChunkedLayout)

  /// - Throws: `hdf5-virtual-dataset`, `hdf5-unsupported`, `hdf5-corrupt`.
  init(reading cursor: HDF5Cursor) throws {
    var cursor = cursor
    // Version 5 is version 4 with wider sizes in the chunk indexes, which state their widths.
    let version = try cursor.version(3...5)
    let place = cursor
    switch try cursor.u8() {
    case 0:
      let data = try cursor.take(try cursor.length(byteCount: 2))
      self = .compact(data.fileOffset..<data.fileOffset + data.remaining)
    case 1:
      self = .contiguous(address: try cursor.address(), byteCount: try cursor.length())
    case 2 where version == 3:
      self = .chunked(try HDF5ChunkedLayout(readingVersion3: &cursor))
    case 2:
      self = .chunked(try HDF5ChunkedLayout(readingVersion4: &cursor))
    case 3:
      throw Fault(
        .hdf5VirtualDataset, "a virtual dataset, whose elements lie in other files",
        remedy: "copy it into a plain dataset")
    case let kind: throw place.fault("storage class \(kind) does not exist")
    }
  }
}

/// The grid of a chunked dataset and the index that finds its chunks.
struct HDF5ChunkedLayout {
  enum Index {
    /// A B-tree of version 1, which every release of the library reads.
    case tree(address: UInt64?)
    /// One chunk holds all; its size is given when it went through filters.
    case single(address: UInt64?, byteCount: Int?, skippedFilters: UInt32)
    /// Every chunk in its place, one after the other.
    case consecutive(address: UInt64?)
    case fixedArray(address: UInt64?)
    /// For datasets with one axis without bound.
    case extensibleArray(address: UInt64?)
    /// For datasets with several axes without bound.
    case records(address: UInt64?)
  }

  let extents: [Int]
  let elementByteCount: Int
  let index: Index

  init(readingVersion3 cursor: inout HDF5Cursor) throws {
    let axisCount = try HDF5ChunkedLayout.axisCount(&cursor)
    let address = try cursor.address()
    let sizes = try (0..<axisCount).map { _ in try cursor.length(byteCount: 4) }
    try self.init(sizes, index: .tree(address: address), cursor)
  }

  init(readingVersion4 cursor: inout HDF5Cursor) throws {
    let flags = try cursor.u8()
    let axisCount = try HDF5ChunkedLayout.axisCount(&cursor)
    let width = Int(try cursor.u8())
    guard (1...8).contains(width), flags & ~3 == 0 else {
      throw cursor.fault("extents of \(width) bytes, flags \(flags)")
    }
    let sizes = try (0..<axisCount).map { _ in try cursor.length(byteCount: width) }
    let index: Index
    switch try cursor.u8() {
    case 1 where flags & 2 != 0:
      let (count, skipped) = (try cursor.length(), try cursor.u32())
      index = .single(
        address: try cursor.address(), byteCount: count, skippedFilters: skipped)
    case 1:
      index = .single(address: try cursor.address(), byteCount: nil, skippedFilters: 0)
    case 2: index = .consecutive(address: try cursor.address())
    case 3:
      try cursor.skip(1)
      index = .fixedArray(address: try cursor.address())
    case 4:
      try cursor.skip(5)
      index = .extensibleArray(address: try cursor.address())
    case 5:
      try cursor.skip(6)
      index = .records(address: try cursor.address())
    case let kind: throw cursor.fault("chunk index \(kind) is unknown", .hdf5Unsupported)
    }
    guard flags & 1 == 0 else {
      throw cursor.fault("chunks on the edge are stored without filters", .hdf5Unsupported)
    }
    try self.init(sizes, index: index, cursor)
  }

  /// The last number is the size of one element.
  private init(_ sizes: [Int], index: Index, _ cursor: HDF5Cursor) throws {
    guard sizes.allSatisfy({ $0 > 0 }) else {
      throw cursor.fault("a chunk of extents \(sizes.dropLast())")
    }
    extents = sizes.dropLast()
    elementByteCount = sizes[sizes.count - 1]
    self.index = index
  }

  private static func axisCount(_ cursor: inout HDF5Cursor) throws -> Int {
    let place = cursor
    let count = Int(try cursor.u8())
    guard (2...HDF5Dataspace.maximumRank + 1).contains(count) else {
      throw place.fault("chunks of \(count - 1) axes")
    }
    return count
  }
}
