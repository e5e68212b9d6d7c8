import Diagnostics

/// The zip64 numbers among the extra fields of one header.
struct ZIPExtraFields {
  private var zip64: Range<Int>?

  /// Walks over all extra fields, each an identifier, a length and that many bytes.
  ///
  /// - Throws: `zip-extra-field` when one does not end within `range`, or zip64's is there twice.
  init(in range: Range<Int>, of file: RawSpan) throws {
    var offset = range.lowerBound
    while offset < range.upperBound {
      guard offset + 4 <= range.upperBound,
        offset + 4 + Int(file.unsigned16(at: offset + 2)) <= range.upperBound
      else {
        throw Fault.zip(.zipExtraField, "an extra field does not end within its header", at: offset)
      }
      let content = offset + 4..<offset + 4 + Int(file.unsigned16(at: offset + 2))
      if file.unsigned16(at: offset) == 1 {
        guard zip64 == nil else {
          throw Fault.zip(.zipExtraField, "a header has two zip64 fields", at: offset)
        }
        zip64 = content
      }
      offset = content.upperBound
    }
  }

  /// The number itself, or where it has all bits set the next one of the zip64 field, which holds
  /// only those and in the order of the header.
  ///
  /// - Throws: `zip-extra-field` when there is none left, or one beyond 63 bits.
  mutating func resolve(_ number: UInt32, in file: RawSpan, at offset: Int) throws -> Int {
    guard number == .max else { return Int(number) }
    guard let rest = zip64, rest.count >= 8,
      let value = Int(exactly: file.unsigned64(at: rest.lowerBound))
    else {
      throw Fault.zip(
        .zipExtraField, "the header refers to a zip64 number that its extra fields do not hold",
        at: offset)
    }
    zip64 = rest.lowerBound + 8..<rest.upperBound
    return value
  }
}
