import Diagnostics
import Files

extension ZIPArchive {
  /// Lends a member's bytes for the duration of `body`: a stored member's from the mapping, a
  /// deflated one's inflated and compared with its checksum.
  ///
  /// - Throws: `zip-bomb` and `zip-limit` before anything is inflated, `zip-deflate` and
  ///   `zip-checksum` for a deflated member that is damaged.
  package func withBytes<Result>(
    of entry: Entry, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    switch entry.method {
    case .stored:
      return try file.withAllBytes(in: entry.dataRange, body)
    case .deflated:
      let bytes = try inflated(entry)
      return try body(bytes.span.bytes)
    }
  }

  /// A member's first bytes: `count` of them, or all when there are fewer. No more than these is
  /// read or inflated, and no checksum is compared.
  ///
  /// - Throws: `zip-deflate`.
  package func prefix(of entry: Entry, byteCount count: Int) throws -> [UInt8] {
    let count = min(max(0, count), entry.size)
    return try located(in: place(of: entry)) {
      try file.withBytes(in: entry.dataRange) { data in
        switch entry.method {
        case .stored: return data.copy(0..<count)
        case .deflated:
          let result = try Inflater.inflate(data, .none, limit: count)
          guard result.bytes.count == count else { throw damage(result, of: entry) }
          return result.bytes
        }
      }
    }
  }

  /// Compares a member's bytes with its checksum, which ``withBytes(of:_:)`` does for deflated
  /// members alone.
  ///
  /// - Throws: `zip-checksum`, or what reading the member brings up.
  package func checkCRC(of entry: Entry) throws {
    try withBytes(of: entry) { bytes in
      if entry.method == .stored { try compareChecksum(of: bytes, with: entry) }
    }
  }

  private func place(of entry: Entry) -> Fault.Place {
    .init(file: file.path, byteOffset: UInt64(entry.dataRange.lowerBound))
  }

  private func inflated(_ entry: Entry) throws -> [UInt8] {
    return try located(in: place(of: entry)) {
      try checkInflation(of: entry)
      return try file.withAllBytes(in: entry.dataRange) { data in
        let result = try Inflater.inflate(data, .none, limit: entry.size)
        guard result.ending == .endOfStream, result.bytes.count == entry.size,
          result.consumed == entry.compressedSize
        else { throw damage(result, of: entry) }
        try compareChecksum(of: result.bytes.span.bytes, with: entry)
        return result.bytes
      }
    }
  }

  /// Refuses to inflate what only somebody with bad intentions deflates.
  private func checkInflation(of entry: Entry) throws {
    let name = printable(entry.name)
    guard entry.size <= limits.inflatedByteCount else {
      throw Fault(
        .zipLimit,
        "\(name) inflates to \(entry.size) bytes, more than the \(limits.inflatedByteCount) allowed",
        remedy: "write the archive without compression")
    }
    guard
      entry.size <= limits.freelyInflatedByteCount
        || entry.size / limits.largestRatio <= entry.compressedSize
    else {
      throw Fault(
        .zipBomb,
        "\(entry.compressedSize) bytes of \(name) inflate to \(entry.size), "
          + "more than \(limits.largestRatio) to one",
        remedy: "if you trust the file, write it again without compression")
    }
  }

  private func damage(_ result: Inflater.Result, of entry: Entry) -> Fault {
    let reason =
      switch result.ending {
      case .damaged(let detail):
        "the deflated data of \(printable(entry.name)) are damaged"
          + (detail.isEmpty ? "" : ": \(detail)")
      case .moreInput: "the deflated data of \(printable(entry.name)) break off"
      case .moreOutput:
        "\(printable(entry.name)) inflates to more than the \(entry.size) bytes declared"
      case .endOfStream:
        result.bytes.count < entry.size
          ? "\(printable(entry.name)) inflates to \(result.bytes.count) bytes instead of \(entry.size)"
          : "\(entry.compressedSize - result.consumed) bytes follow the deflated data of "
            + printable(entry.name)
      }
    return .zip(.zipDeflate, reason, at: entry.dataRange.lowerBound + result.consumed)
  }

  private func compareChecksum(of bytes: RawSpan, with entry: Entry) throws {
    let found = checksum(of: bytes)
    guard found == entry.crc32 else {
      throw Fault.zip(
        .zipChecksum,
        "\(printable(entry.name)) has the checksum \(String(found, radix: 16)), the archive says "
          + String(entry.crc32, radix: 16),
        at: entry.dataRange.lowerBound
      ).located(in: .init(file: file.path))
    }
  }
}
