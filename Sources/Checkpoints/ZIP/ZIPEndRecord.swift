import Diagnostics

/// What the end of an archive says of its central directory: the end record, and the zip64 end
/// record before it where there is one.
struct ZIPEndRecord {
  /// Where the central directory lies in the file.
  let directory: Range<Int>
  let entryCount: Int

  private static let byteCount = 22
  private static let signature: UInt32 = 0x0605_4B50
  private static let largestComment = 0xFFFF

  /// - Throws: `truncated`, `zip-end-record`, `zip-multiple-disks`.
  init(readingLastOf file: RawSpan) throws {
    let offset = try ZIPEndRecord.offset(in: file)
    let record = Numbers(
      disk: UInt64(file.unsigned16(at: offset + 4)),
      directoryDisk: UInt64(file.unsigned16(at: offset + 6)),
      entriesOnDisk: UInt64(file.unsigned16(at: offset + 8)),
      entries: UInt64(file.unsigned16(at: offset + 10)),
      size: UInt64(file.unsigned32(at: offset + 12)),
      offset: UInt64(file.unsigned32(at: offset + 16)))
    var numbers = record
    var end = offset
    if let zip64 = try Numbers.zip64(before: offset, in: file) {
      try zip64.numbers.check(against: record, at: offset)
      numbers = zip64.numbers
      end = zip64.start
    }
    guard numbers.disk == 0, numbers.directoryDisk == 0, numbers.entriesOnDisk == numbers.entries
    else {
      throw Fault.zip(
        .zipMultipleDisks, "the archive is one of several parts", at: offset)
    }
    // The directory ends where the end records begin. That also settles what an offset counts from
    // when something stands before the archive.
    guard let size = Int(exactly: numbers.size), let start = Int(exactly: numbers.offset),
      size <= end, start == end - size, let count = Int(exactly: numbers.entries)
    else {
      throw Fault.zip(
        .zipEndRecord,
        "\(numbers.size) bytes of central directory at byte \(numbers.offset) do not end at byte "
          + "\(end), where the end record begins",
        at: offset)
    }
    directory = start..<end
    entryCount = count
  }

  /// Where the record begins whose comment ends the file.
  private static func offset(in file: RawSpan) throws -> Int {
    let last = file.byteCount - byteCount
    let first = last - largestComment
    var found: Int?
    var offset = last
    while offset >= first, offset >= 0 {
      if file.unsigned32(at: offset) == signature,
        offset + byteCount + Int(file.unsigned16(at: offset + 20)) == file.byteCount
      {
        // Readers that search from different ends would see two archives in one file.
        if let found {
          throw Fault.zip(
            .zipEndRecord, "the file has two end records, at bytes \(offset) and \(found)",
            at: offset)
        }
        found = offset
      }
      offset -= 1
    }
    guard let found else {
      throw Fault(
        .truncated, "the ZIP archive has no end record: the file has been cut off",
        at: .init(byteOffset: UInt64(file.byteCount)), remedy: "fetch or copy the file again")
    }
    return found
  }
}

/// The numbers of one end record, not yet checked.
private struct Numbers {
  let disk: UInt64
  let directoryDisk: UInt64
  let entriesOnDisk: UInt64
  let entries: UInt64
  let size: UInt64
  let offset: UInt64

  private static let locatorByteCount = 20
  private static let locatorSignature: UInt32 = 0x0706_4B50
  private static let zip64ByteCount = 56
  private static let zip64Signature: UInt32 = 0x0606_4B50

  /// The zip64 end record and where it begins, or nil where there is none.
  ///
  /// - Parameter end: where the plain end record begins; the locator stands right before it, and
  ///   the zip64 record right before that.
  static func zip64(
    before end: Int, in file: RawSpan
  ) throws -> (numbers: Numbers, start: Int)? {
    let locator = end - locatorByteCount
    guard locator >= 0, file.unsigned32(at: locator) == locatorSignature else { return nil }
    // One disk is what the format says; some writers count none.
    guard file.unsigned32(at: locator + 4) == 0, file.unsigned32(at: locator + 16) <= 1 else {
      throw Fault.zip(
        .zipMultipleDisks, "the archive is one of several parts", at: locator)
    }
    let start = file.unsigned64(at: locator + 8)
    guard let start = Int(exactly: start), locator >= zip64ByteCount,
      start <= locator - zip64ByteCount, file.unsigned32(at: start) == zip64Signature
    else {
      throw Fault.zip(
        .zipEndRecord, "there is no zip64 end record at byte \(start)", at: locator)
    }
    // The record counts its own bytes from behind this number on.
    let rest = file.unsigned64(at: start + 4)
    guard rest == UInt64(locator - start - 12) else {
      throw Fault.zip(
        .zipEndRecord,
        "the zip64 end record is \(rest) bytes long and does not end where its locator begins",
        at: start)
    }
    let numbers = Numbers(
      disk: UInt64(file.unsigned32(at: start + 16)),
      directoryDisk: UInt64(file.unsigned32(at: start + 20)),
      entriesOnDisk: file.unsigned64(at: start + 24), entries: file.unsigned64(at: start + 32),
      size: file.unsigned64(at: start + 40), offset: file.unsigned64(at: start + 48))
    return (numbers, start)
  }

  /// A plain record either repeats a number or says, with all bits set, that it is too large.
  ///
  /// - Throws: `zip-end-record` when it says something else.
  func check(against plain: Numbers, at offset: Int) throws {
    let pairs: [(String, UInt64, UInt64, UInt64)] = [
      ("disk", disk, plain.disk, 0xFFFF),
      ("disk of the directory", directoryDisk, plain.directoryDisk, 0xFFFF),
      ("number of entries on this disk", entriesOnDisk, plain.entriesOnDisk, 0xFFFF),
      ("number of entries", entries, plain.entries, 0xFFFF),
      ("size of the directory", size, plain.size, 0xFFFF_FFFF),
      ("offset of the directory", self.offset, plain.offset, 0xFFFF_FFFF),
    ]
    for (name, large, small, tooLarge) in pairs where small != large && small != tooLarge {
      throw Fault.zip(
        .zipEndRecord,
        "the \(name) is \(small) in the end record and \(large) in the zip64 end record",
        at: offset)
    }
  }
}
