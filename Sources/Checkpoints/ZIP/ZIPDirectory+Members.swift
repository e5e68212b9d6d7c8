import Diagnostics

extension ZIPDirectory {
  /// The members that the records describe, each checked against its own header and all against
  /// each other.
  ///
  /// - Throws: `zip-directory`, `zip-extent`, `zip-overlap`, `zip-bomb`, or what a member's own
  ///   header brings up.
  static func entries(
    of records: [Record], in file: RawSpan, end: ZIPEndRecord, limits: ZIPArchive.Limits
  ) throws -> [ZIPArchive.Entry] {
    let entries = try records.map { record in
      try checkSizes(of: record)
      let dataRange = try ZIPLocalHeader.dataRange(
        of: record, in: file, end: end.directory.lowerBound)
      return ZIPArchive.Entry(
        name: record.name, method: record.method, compressedSize: record.compressedSize,
        size: record.size, crc32: record.crc32, flags: record.flags,
        headerOffset: record.headerOffset, dataRange: dataRange)
    }
    try checkOverlaps(of: entries)
    return entries.filter { $0.name.utf8.last != UInt8(ascii: "/") }
  }

  private static func checkSizes(of record: Record) throws {
    guard !record.isFolder || record.size == 0 else {
      throw Fault.zip(
        .zipDirectory, "the folder \(printable(record.name)) has content", at: record.offset)
    }
    switch record.method {
    case .stored:
      guard record.compressedSize == record.size else {
        throw Fault.zip(
          .zipDirectory,
          "\(printable(record.name)) is stored, yet takes \(record.compressedSize) bytes for \(record.size)",
          at: record.offset)
      }
    case .deflated:
      guard record.size / Inflater.largestRatio <= record.compressedSize else {
        throw Fault.zip(
          .zipBomb,
          "\(record.compressedSize) bytes of \(printable(record.name)) are to inflate to \(record.size), which no "
            + "deflated data can", at: record.offset)
      }
    }
  }

  /// Bytes between members are nobody's business; bytes of two members are how bombs are built.
  private static func checkOverlaps(of entries: [ZIPArchive.Entry]) throws {
    let order = entries.sorted {
      ($0.headerOffset, $0.dataRange.upperBound) < ($1.headerOffset, $1.dataRange.upperBound)
    }
    for (first, second) in zip(order, order.dropFirst())
    where second.headerOffset < first.dataRange.upperBound {
      throw Fault.zip(
        .zipOverlap,
        "\(printable(second.name)) overlaps \(printable(first.name)), which ends at byte "
          + "\(first.dataRange.upperBound)", at: second.headerOffset)
    }
  }
}
