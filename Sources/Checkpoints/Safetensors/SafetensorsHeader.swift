import Diagnostics
import Documents
import Tensors

/// The header of a safetensors file, checked against the whole specification: a header that exists
/// describes tensors which lie in the file, side by side, without holes or overlaps.
///
/// Layout of a file: the header's length N (64 bits, little-endian), N bytes of JSON, the data.
package struct SafetensorsHeader: Sendable {
  package struct Entry: Sendable {
    package let description: TensorDescription
    /// Where the tensor's bytes lie, counted from the start of the file.
    package let range: Range<Int>
  }

  /// How much is forgiven.
  package enum Mode: Sendable {
    /// Nothing: the specification.
    case strict
    /// What release 0.8.0 of the reference implementation forgives: white space before the header,
    /// a name given twice for the same bytes (the last one counts), members that it does not know,
    /// and `null` for metadata.
    case compatible
  }

  /// In ascending order of the name.
  package let entries: [Entry]
  package let metadata: [String: String]

  static let lengthByteCount = 8
  /// The reference implementation's own bound.
  static let maximumByteCount = 100_000_000

  /// A header of more than this is refused, although the format allows eight times as much: reading
  /// it takes a multiple of it in memory.
  static let jsonByteCount = 12 << 20

  /// - Parameter file: the file's bytes; only the header's are looked at.
  /// - Throws: `truncated`, `invalid-safetensors-header`, `invalid-safetensors-offsets`, each with
  ///   the byte offset or the tensor; `over-limit` for a header that takes too much memory.
  init(reading file: RawSpan, _ mode: Mode = .strict) throws {
    let jsonRange = try SafetensorsHeader.jsonRange(in: file)
    let root = try SafetensorsHeader.parse(file.extracting(jsonRange), mode)
    (entries, metadata) = try SafetensorsHeader.content(
      of: root, mode, dataStart: jsonRange.upperBound)
    try SafetensorsHeader.checkLayout(
      of: entries, dataRange: jsonRange.upperBound..<file.byteCount)
  }

  private static func jsonRange(in file: RawSpan) throws -> Range<Int> {
    guard file.byteCount >= lengthByteCount else {
      throw Fault(
        .truncated, "\(file.byteCount) bytes are too few for the length of a safetensors header",
        at: .init(byteOffset: UInt64(file.byteCount)), remedy: "fetch or copy the file again")
    }
    let declared = UInt64(
      littleEndian: file.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
    guard declared <= maximumByteCount else {
      throw Fault(
        .invalidSafetensorsHeader,
        "a header of \(declared) bytes is declared; the format allows \(maximumByteCount)",
        at: .init(byteOffset: 0), remedy: "this is probably not a safetensors file")
    }
    guard declared <= jsonByteCount else {
      throw Fault(
        .overLimit,
        "a header of \(declared) bytes is declared, more than the \(jsonByteCount) allowed",
        at: .init(byteOffset: 0))
    }
    let end = lengthByteCount + Int(declared)
    guard end <= file.byteCount else {
      throw Fault(
        .truncated,
        "the header should end at byte \(end), but the file has only \(file.byteCount) bytes",
        at: .init(byteOffset: UInt64(file.byteCount)), remedy: "fetch or copy the file again")
    }
    return lengthByteCount..<end
  }

  private static func parse(_ json: RawSpan, _ mode: Mode) throws -> JSONReader {
    let start = UInt64(lengthByteCount)
    guard
      mode == .compatible
        || json.byteCount > 0
          && json.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == UInt8(ascii: "{")
    else {
      throw Fault(
        .invalidSafetensorsHeader, "the header does not begin with {",
        at: .init(byteOffset: start))
    }
    // −0 among them, which the reference refuses as well.
    guard !JSONValue.containsMinusSign(json) else {
      throw Fault(
        .invalidSafetensorsHeader, "the header holds a negative number",
        at: .init(byteOffset: start))
    }
    var limits = JSONValue.Limits(bytes: jsonByteCount)
    if mode == .compatible {
      limits.depth = 128
      limits.keepsRepeatedNames = true
    }
    do {
      return JSONReader(try JSONValue(parsing: json, limits: limits))
    } catch let fault as Fault {
      throw Fault(
        fault.code == .overLimit ? .overLimit : .invalidSafetensorsHeader, fault.reason,
        at: .init(byteOffset: start + (fault.place.byteOffset ?? 0)))
    }
  }

  /// Sorted by offset, every tensor begins where the one before it ends, and the last one ends the
  /// file.
  private static func checkLayout(of entries: [Entry], dataRange: Range<Int>) throws {
    var end = dataRange.lowerBound
    let order = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for entry in order {
      let begin = entry.range.lowerBound
      let place = Fault.Place(tensor: entry.description.key.name, byteOffset: UInt64(begin))
      guard begin == end else {
        let reason =
          begin > end
          ? "\(begin - end) bytes before this tensor belong to no tensor"
          : "this tensor overlaps the one before it by \(end - begin) bytes"
        throw Fault(.invalidSafetensorsOffsets, reason, at: place)
      }
      end = entry.range.upperBound
      guard end <= dataRange.upperBound else {
        throw Fault(
          .truncated,
          "the tensor should end at byte \(end), but the file has only \(dataRange.upperBound) bytes",
          at: place, remedy: "fetch or copy the file again")
      }
    }
    guard end == dataRange.upperBound else {
      throw Fault(
        .invalidSafetensorsOffsets,
        "\(dataRange.upperBound - end) bytes after the last tensor belong to no tensor",
        at: .init(byteOffset: UInt64(end)))
    }
  }
}

extension Fault.Code {
  /// The file ends before what it announces.
  package static let truncated = Fault.Code("truncated", exit: .invalidData)
  package static let invalidSafetensorsHeader = Fault.Code(
    "invalid-safetensors-header", exit: .invalidData)
  package static let invalidSafetensorsOffsets = Fault.Code(
    "invalid-safetensors-offsets", exit: .invalidData)
}
