import Diagnostics

/// Reads a piece of metadata front to back. Numbers are little-endian, as HDF5 keeps all of its
/// own; reading past the end is a fault with the offset in the file.
struct HDF5Cursor {
  private var rest: ArraySlice<UInt8>
  /// Where index 0 of the slice lies in the file.
  private let origin: Int
  /// What is being read, for messages: `object header`.
  let subject: String

  init(_ bytes: [UInt8], fileOffset: Int, subject: String) {
    rest = bytes[...]
    origin = fileOffset
    self.subject = subject
  }

  private init(_ bytes: ArraySlice<UInt8>, origin: Int, subject: String) {
    rest = bytes
    self.origin = origin
    self.subject = subject
  }

  /// The offset in the file of the next byte.
  var fileOffset: Int { origin + rest.startIndex }
  var remaining: Int { rest.count }
  var bytes: ArraySlice<UInt8> { rest }

  func fault(_ reason: String, _ code: Fault.Code = .hdf5Corrupt) -> Fault {
    Fault(
      code, "\(subject): \(reason)", at: .init(byteOffset: UInt64(fileOffset)),
      remedy: code == .hdf5Corrupt ? "the file is damaged: fetch, copy or write it again" : nil)
  }

  mutating func take(_ count: Int, subject: String? = nil) throws -> HDF5Cursor {
    guard count >= 0, count <= rest.count else {
      throw fault("\(count) bytes are declared where \(rest.count) are left")
    }
    let piece = rest.prefix(count)
    rest = rest.dropFirst(count)
    return HDF5Cursor(piece, origin: origin, subject: subject ?? self.subject)
  }

  mutating func skip(_ count: Int) throws { _ = try take(count) }

  /// An unsigned number of up to eight bytes.
  mutating func unsigned(byteCount: Int) throws -> UInt64 {
    try take(byteCount).rest.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func u8() throws -> UInt8 { UInt8(try unsigned(byteCount: 1)) }
  mutating func u16() throws -> UInt16 { UInt16(try unsigned(byteCount: 2)) }
  mutating func u32() throws -> UInt32 { UInt32(try unsigned(byteCount: 4)) }
  mutating func u64() throws -> UInt64 { try unsigned(byteCount: 8) }

  /// A number of bytes or elements.
  mutating func length(byteCount: Int = 8) throws -> Int {
    let place = self
    guard let length = Int(exactly: try unsigned(byteCount: byteCount)) else {
      throw place.fault("a length beyond 63 bits is declared")
    }
    return length
  }

  /// An address, or nil for HDF5's “undefined”, which is all ones.
  mutating func address() throws -> UInt64? {
    let value = try u64()
    return value == .max ? nil : value
  }

  mutating func signature(_ expected: String) throws {
    let place = self
    guard try take(4).rest.elementsEqual(expected.utf8) else {
      throw place.fault("\"\(expected)\" is expected here")
    }
  }

  mutating func version(_ known: ClosedRange<UInt8>) throws -> UInt8 {
    let place = self
    let version = try u8()
    guard known.contains(version) else {
      throw place.fault("version \(version) is unknown", .hdf5Unsupported)
    }
    return version
  }

  /// Bytes up to a NUL, which is taken too.
  mutating func terminatedBytes() throws -> ArraySlice<UInt8> {
    guard let end = rest.firstIndex(of: 0) else { throw fault("a name does not end") }
    let bytes = rest[..<end]
    rest = rest[(end + 1)...]
    return bytes
  }

  /// The bytes without the checksum at their end, which newer structures have.
  ///
  /// - Throws: `hdf5-corrupt` when it does not match.
  func withoutChecksum() throws -> HDF5Cursor {
    var rest = self
    let body = try rest.take(remaining - 4)
    guard try rest.u32() == HDF5Checksum.lookup3(body.bytes) else {
      throw fault("its checksum does not match")
    }
    return body
  }
}
