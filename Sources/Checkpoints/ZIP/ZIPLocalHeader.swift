import Diagnostics

/// The header in front of a member's data, which repeats what the central directory says.
enum ZIPLocalHeader {
  private static let byteCount = 30
  private static let signature: UInt32 = 0x0403_4B50
  /// The general purpose bit that says that sizes and checksum follow the data; in the header they
  /// are zero then.
  private static let hasDescriptor: UInt16 = 1 << 3

  /// Where the member's data lie.
  ///
  /// - Parameter end: where members have to end.
  /// - Throws: `zip-extent`, `zip-local-header`, `zip-extra-field`.
  static func dataRange(
    of record: ZIPDirectory.Record, in file: RawSpan, end: Int
  ) throws -> Range<Int> {
    let start = record.headerOffset
    guard start <= end - byteCount else {
      throw Fault.zip(
        .zipExtent,
        "\(printable(record.name)) should begin at byte \(start); members end at byte \(end)",
        at: record.offset)
    }
    guard file.unsigned32(at: start) == signature else {
      throw Fault.zip(
        .zipLocalHeader, "the header of \(printable(record.name)) is expected here", at: start)
    }
    let nameEnd = start + byteCount + Int(file.unsigned16(at: start + 26))
    let dataStart = nameEnd + Int(file.unsigned16(at: start + 28))
    guard dataStart <= end, record.compressedSize <= end - dataStart else {
      throw Fault.zip(
        .zipExtent,
        "\(record.compressedSize) bytes of \(printable(record.name)) do not lie before byte \(end), where members end",
        at: start)
    }
    try check(record, in: file, nameEnd: nameEnd, dataStart: dataStart)
    return dataStart..<dataStart + record.compressedSize
  }

  private static func check(
    _ record: ZIPDirectory.Record, in file: RawSpan, nameEnd: Int, dataStart: Int
  ) throws {
    let start = record.headerOffset
    func mismatch(_ what: String) -> Fault {
      .zip(
        .zipLocalHeader,
        "the header of \(printable(record.name)) has another \(what) than the central "
          + "directory", at: start)
    }
    let sameName = file.extracting(start + byteCount..<nameEnd).withUnsafeBytes {
      $0.elementsEqual(record.name.utf8)
    }
    guard sameName else { throw mismatch("name") }
    guard file.unsigned16(at: start + 6) == record.flags else { throw mismatch("set of flags") }
    guard file.unsigned16(at: start + 8) == record.method.rawValue else { throw mismatch("method") }
    var extra = try ZIPExtraFields(in: nameEnd..<dataStart, of: file)
    let mayBeZero = record.flags & hasDescriptor != 0
    let crc32 = file.unsigned32(at: start + 14)
    guard crc32 == record.crc32 || mayBeZero && crc32 == 0 else { throw mismatch("checksum") }
    let size = try extra.resolve(file.unsigned32(at: start + 22), in: file, at: start)
    guard size == record.size || mayBeZero && size == 0 else { throw mismatch("size") }
    let compressedSize = try extra.resolve(file.unsigned32(at: start + 18), in: file, at: start)
    guard compressedSize == record.compressedSize || mayBeZero && compressedSize == 0 else {
      throw mismatch("compressed size")
    }
  }
}
