import Diagnostics

/// An attribute of a dataset: a name and a small value.
struct HDF5Attribute {
  enum Value {
    case text(String)
    case flag(Bool)
    /// A value that no attribute that is looked for has.
    case other
  }

  private static let subject = "attribute"

  /// The values of the attributes of one of these names; others are not decoded.
  ///
  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`, `hdf5-cycle`.
  static func values(
    named names: Set<String>, in header: HDF5ObjectHeader, _ metadata: HDF5Metadata
  ) throws -> [String: Value] {
    var values: [String: Value] = [:]
    var messages = try header.all(.attribute)
    if let info = try header.message(.attributeInfo),
      let dense = try HDF5DenseStorage(info, kind: .attributesByName, in: metadata)
    {
      let hashes = names.map { HDF5Checksum.lookup3(Array($0.utf8)[...]) }
      messages += try dense.attributes(hashes: Set(hashes))
    }
    for message in messages {
      var cursor = message
      let parts = try Parts(reading: &cursor)
      guard names.contains(parts.name) else { continue }
      values[parts.name] = try value(of: parts, data: cursor, metadata)
    }
    return values
  }

  /// Everything before the value.
  private struct Parts {
    let name: String
    let dataType: HDF5Cursor
    let dataspace: HDF5Cursor
    let isShared: Bool

    init(reading cursor: inout HDF5Cursor) throws {
      let version = try cursor.version(1...3)
      isShared = try cursor.u8() & 3 != 0 && version > 1
      let sizes = try (0..<3).map { _ in try cursor.length(byteCount: 2) }
      if version == 3 { try cursor.skip(1) }
      func part(_ size: Int) throws -> HDF5Cursor {
        let part = try cursor.take(size, subject: subject)
        if version == 1 { try cursor.skip((8 - size % 8) % 8) }
        return part
      }
      let name = try part(sizes[0]).bytes
      self.name = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
      dataType = try part(sizes[1])
      dataspace = try part(sizes[2])
    }
  }

  private static func value(
    of parts: Parts, data: HDF5Cursor, _ metadata: HDF5Metadata
  ) throws -> Value {
    var data = data
    guard !parts.isShared, try isSingle(HDF5Dataspace(reading: parts.dataspace)) else {
      return .other
    }
    switch try HDF5DataType(reading: parts.dataType) {
    case .string(let count):
      return .text(text(try data.take(count).bytes))
    case .variableString:
      let count = try data.length(byteCount: 4)
      let (address, index) = (try data.u64(), try data.u32())
      let object = try HDF5GlobalHeap.object(index, ofCollectionAt: address, in: metadata)
      return .text(text(object.bytes.prefix(count)))
    case .number(let number) where !number.dtype.isFloatingPoint:
      return .flag(try data.take(number.byteCount).bytes.contains { $0 != 0 })
    case .number, .other:
      return .other
    }
  }

  /// A scalar, or a list of one.
  private static func isSingle(_ dataspace: HDF5Dataspace) -> Bool {
    guard case .simple(let extents, _) = dataspace else { return false }
    return extents.allSatisfy { $0 == 1 }
  }

  /// Without the padding: NULs or blanks.
  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    let end = bytes.firstIndex(of: 0) ?? bytes.endIndex
    let padding = bytes[..<end].reversed().prefix { $0 == 0x20 }.count
    return String(decoding: bytes[..<end].dropLast(padding), as: UTF8.self)
  }
}

/// The heap that variable-length strings lie in.
enum HDF5GlobalHeap {
  private static let subject = "global heap"

  /// - Throws: `hdf5-corrupt` when there is no such object.
  static func object(
    _ index: UInt32, ofCollectionAt address: UInt64, in metadata: HDF5Metadata
  ) throws -> HDF5Cursor {
    var start = try metadata.read(at: address, count: 16, subject: subject)
    try start.signature("GCOL")
    _ = try start.version(1...1)
    try start.skip(3)
    let size = try start.length()
    guard size >= 16 else { throw start.fault("\(size) bytes are declared") }
    _ = try metadata.range(at: address, count: size, subject: subject)
    var position = 16
    while position <= size - 16 {
      var entry = try metadata.read(
        at: address &+ UInt64(position), count: 16, subject: subject)
      let number = try entry.u16()
      try entry.skip(6)
      let count = try entry.length()
      guard number != 0, count <= size - position - 16 else { break }
      if number == index {
        return try metadata.read(
          at: address &+ UInt64(position + 16), count: count, subject: subject)
      }
      position += 16 + (count + 7) / 8 * 8
    }
    throw start.fault("it has no object \(index)")
  }
}
