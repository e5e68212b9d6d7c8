import Diagnostics

/// The central directory, checked entry by entry and then as a whole.
enum ZIPDirectory {
  /// What the directory says of one member.
  struct Record {
    let name: String
    let method: ZIPArchive.Method
    let flags: UInt16
    let crc32: UInt32
    let compressedSize: Int
    let size: Int
    let headerOffset: Int
    /// Where the record itself stands.
    let offset: Int

    var isFolder: Bool { name.utf8.last == UInt8(ascii: "/") }
  }

  private static let recordByteCount = 46
  private static let signature: UInt32 = 0x0201_4B50
  /// Bits 0, 6 and 13: encrypted, strongly encrypted, and headers masked for it.
  private static let encrypted: UInt16 = 0x2041
  /// Bit 5: a patch of another file.
  private static let patched: UInt16 = 0x0020

  /// - Throws: `zip-limit`, `zip-directory`, `zip-duplicate-name`, or what one record brings up.
  static func records(
    in file: RawSpan, end: ZIPEndRecord, limits: ZIPArchive.Limits
  ) throws -> [Record] {
    guard end.entryCount <= limits.entryCount else {
      throw Fault.zip(
        .zipLimit, "\(end.entryCount) members, more than the \(limits.entryCount) allowed",
        at: end.directory.upperBound)
    }
    guard end.directory.count <= limits.directoryByteCount else {
      throw Fault.zip(
        .zipLimit,
        "a central directory of \(end.directory.count) bytes, more than the "
          + "\(limits.directoryByteCount) allowed", at: end.directory.lowerBound)
    }
    guard end.entryCount <= end.directory.count / recordByteCount else {
      throw Fault.zip(
        .zipDirectory,
        "\(end.entryCount) members in a central directory of \(end.directory.count) bytes",
        at: end.directory.lowerBound)
    }
    var records: [Record] = []
    records.reserveCapacity(end.entryCount)
    var names: Set<ZIPName.Key> = []
    var offset = end.directory.lowerBound
    for _ in 0..<end.entryCount {
      let record = try record(at: &offset, in: file, end: end.directory.upperBound, limits: limits)
      // `a` and `a/` cannot both exist once extracted.
      let name = record.isFolder ? String(record.name.unicodeScalars.dropLast()) : record.name
      guard names.insert(ZIPName.Key(name: name)).inserted else {
        throw Fault.zip(
          .zipDuplicateName, "two members are called \"\(printable(record.name))\"",
          at: record.offset)
      }
      records.append(record)
    }
    guard offset == end.directory.upperBound else {
      throw Fault.zip(
        .zipDirectory,
        "\(end.directory.upperBound - offset) bytes follow the last entry of the central directory",
        at: offset)
    }
    return records
  }

  /// Reads one record and moves `offset` behind it.
  private static func record(
    at offset: inout Int, in file: RawSpan, end: Int, limits: ZIPArchive.Limits
  ) throws -> Record {
    let start = offset
    guard end - start >= recordByteCount, file.unsigned32(at: start) == signature else {
      throw Fault.zip(
        .zipDirectory, "an entry of the central directory is expected here", at: start)
    }
    let nameEnd = start + recordByteCount + Int(file.unsigned16(at: start + 28))
    let extraEnd = nameEnd + Int(file.unsigned16(at: start + 30))
    offset = extraEnd + Int(file.unsigned16(at: start + 32))
    guard offset <= end else {
      throw Fault.zip(
        .zipDirectory, "an entry goes on beyond the end of the central directory", at: start)
    }
    let flags = file.unsigned16(at: start + 8)
    let method = try method(file.unsigned16(at: start + 10), flags: flags, at: start)
    let name = try ZIPName.decode(
      file.copy(start + recordByteCount..<nameEnd), flags: flags, limits: limits, at: start)
    var extra = try ZIPExtraFields(in: nameEnd..<extraEnd, of: file)
    let size = try extra.resolve(file.unsigned32(at: start + 24), in: file, at: start)
    let compressedSize = try extra.resolve(file.unsigned32(at: start + 20), in: file, at: start)
    let headerOffset = try extra.resolve(file.unsigned32(at: start + 42), in: file, at: start)
    guard file.unsigned16(at: start + 34) == 0 else {
      throw Fault.zip(
        .zipMultipleDisks, "\(printable(name)) lies in another part of the archive",
        at: start)
    }
    return Record(
      name: name, method: method, flags: flags,
      crc32: file.unsigned32(at: start + 16), compressedSize: compressedSize, size: size,
      headerOffset: headerOffset, offset: start)
  }

  private static func method(
    _ number: UInt16, flags: UInt16, at offset: Int
  ) throws -> ZIPArchive.Method {
    guard flags & encrypted == 0 else {
      throw Fault.zip(.zipEncrypted, "a member is encrypted", at: offset)
    }
    guard flags & patched == 0 else {
      throw Fault.zip(.zipUnsupported, "a member is a patch of another file", at: offset)
    }
    guard let method = ZIPArchive.Method(rawValue: number) else {
      throw Fault.zip(
        .zipUnsupported,
        "a member is compressed by method \(number); only stored and deflated "
          + "members are read", at: offset)
    }
    return method
  }
}
