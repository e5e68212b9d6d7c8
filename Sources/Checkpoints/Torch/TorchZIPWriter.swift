import CZlib
import Diagnostics
import Files

/// Writes a ZIP archive as PyTorch does: members stored, their data aligned, checksums and sizes
/// behind the data.
///
/// Sizes are known beforehand and checksums are not, which lets data go through without being kept.
struct TorchZIPWriter: ~Copyable {
  private struct Member {
    let name: [UInt8]
    let size: Int
    let headerOffset: Int
    var crc32: UInt32 = 0

    var isLarge: Bool { size >= TorchZIPWriter.largest32 }
    var isFar: Bool { headerOffset >= TorchZIPWriter.largest32 }
    /// Bit 11 says that the name is UTF-8, bit 3 that a descriptor follows the data. Nothing follows
    /// no data.
    var flags: UInt16 { size == 0 ? 0x0800 : 0x0808 }
  }

  private let file: AtomicFile
  private var members: [Member] = []
  private var remaining = 0

  static let alignment = 64
  private static let largest32 = 0xFFFF_FFFF
  private static let headerByteCount = 30

  init(_ file: AtomicFile) { self.file = file }

  var destination: String { file.destination }
  /// The members' names and checksums so far.
  var digest: (names: [[UInt8]], checksums: [UInt32]) {
    (members.map(\.name), members.map(\.crc32))
  }

  mutating func write(_ name: String, _ content: [UInt8]) throws {
    try begin(name, size: content.count)
    try write(content.span.bytes)
    try end()
  }

  /// Writes a member's header; its data and ``end()`` are to follow.
  mutating func begin(_ name: String, size: Int) throws {
    let member = Member(name: Array(name.utf8), size: size, headerOffset: file.byteCount)
    let extra = TorchZIPWriter.zip64Field(of: member)
    let start =
      member.headerOffset + TorchZIPWriter.headerByteCount + member.name.count + extra.count + 4
    let padding =
      (TorchZIPWriter.alignment - start % TorchZIPWriter.alignment)
      % TorchZIPWriter.alignment
    var header = LittleEndianBytes()
    header.add(UInt32(0x0403_4B50), UInt16(0), member.flags, UInt16(0), UInt32(0))
    header.add(UInt32(0), UInt32(0), UInt32(0))
    header.add(UInt16(member.name.count), UInt16(extra.count + 4 + padding))
    header.bytes += member.name + extra
    // The field's name is FB, its content means nothing.
    header.add(UInt16(0x4246), UInt16(padding))
    header.bytes += [UInt8](repeating: UInt8(ascii: "Z"), count: padding)
    try file.write(header.bytes)
    members.append(member)
    remaining = size
  }

  mutating func write(_ bytes: RawSpan) throws {
    guard bytes.byteCount <= remaining else {
      throw Fault(.writeFailed, "too many bytes for a member", at: .init(file: destination))
    }
    remaining -= bytes.byteCount
    members[members.count - 1].crc32 = checksum(of: bytes, after: members.last?.crc32 ?? 0)
    try file.write(bytes)
  }

  mutating func end() throws {
    guard remaining == 0, let member = members.last else {
      throw Fault(
        .writeFailed, "\(remaining) bytes of a member are missing", at: .init(file: destination))
    }
    guard member.size > 0 else { return }
    var descriptor = LittleEndianBytes()
    descriptor.add(UInt32(0x0807_4B50), member.crc32)
    if member.isLarge || member.isFar {
      descriptor.add(UInt64(member.size), UInt64(member.size))
    } else {
      descriptor.add(UInt32(member.size), UInt32(member.size))
    }
    try file.write(descriptor.bytes)
  }

  /// Writes the central directory and gives the file its name.
  consuming func commit() throws {
    let start = file.byteCount
    for member in members { try file.write(TorchZIPWriter.directoryRecord(of: member)) }
    let end = file.byteCount
    try file.write(
      TorchZIPWriter.endRecords(
        count: members.count, directory: start..<end))
    try file.commit()
  }
}

// MARK: - Records

extension TorchZIPWriter {
  /// Holds the numbers that 32 bits do not.
  private static func zip64Field(of member: Member) -> [UInt8] {
    guard member.isLarge || member.isFar else { return [] }
    var numbers = LittleEndianBytes()
    if member.isLarge { numbers.add(UInt64(member.size), UInt64(member.size)) }
    if member.isFar { numbers.add(UInt64(member.headerOffset)) }
    var field = LittleEndianBytes()
    field.add(UInt16(1), UInt16(numbers.bytes.count))
    return field.bytes + numbers.bytes
  }

  private static func directoryRecord(of member: Member) -> [UInt8] {
    let extra = zip64Field(of: member)
    let size = UInt32(member.isLarge ? largest32 : member.size)
    var record = LittleEndianBytes()
    record.add(UInt32(0x0201_4B50), UInt16(0), UInt16(0), member.flags, UInt16(0), UInt32(0))
    record.add(member.crc32, size, size, UInt16(member.name.count), UInt16(extra.count))
    // Comment, disk, attributes: none.
    record.add(UInt16(0), UInt16(0), UInt16(0), UInt32(0))
    record.add(UInt32(member.isFar ? largest32 : member.headerOffset))
    return record.bytes + member.name + extra
  }

  /// The zip64 end record, which PyTorch always writes, its locator, and the plain one.
  private static func endRecords(count: Int, directory: Range<Int>) -> [UInt8] {
    var end = LittleEndianBytes()
    end.add(UInt32(0x0606_4B50), UInt64(44), UInt16(0x031E), UInt16(45), UInt32(0), UInt32(0))
    end.add(UInt64(count), UInt64(count), UInt64(directory.count), UInt64(directory.lowerBound))
    end.add(UInt32(0x0706_4B50), UInt32(0), UInt64(directory.upperBound), UInt32(1))
    let shortCount = UInt16(min(count, 0xFFFF))
    end.add(UInt32(0x0605_4B50), UInt16(0), UInt16(0), shortCount, shortCount)
    end.add(
      UInt32(min(directory.count, largest32)), UInt32(min(directory.lowerBound, largest32)),
      UInt16(0))
    return end.bytes
  }
}

/// Numbers one after the other, least significant byte first.
private struct LittleEndianBytes {
  var bytes: [UInt8] = []

  mutating func add<each Number: FixedWidthInteger>(_ numbers: repeat each Number) {
    for number in repeat each numbers {
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
  }
}

/// The checksum of `bytes` behind bytes of the checksum `previous`.
private func checksum(of bytes: RawSpan, after previous: UInt32) -> UInt32 {
  bytes.withUnsafeBytes { bytes in
    // zlib takes a null start for a request of the initial value.
    guard let start = bytes.baseAddress else { return previous }
    return UInt32(crc32_z(UInt(previous), start.assumingMemoryBound(to: UInt8.self), bytes.count))
  }
}
