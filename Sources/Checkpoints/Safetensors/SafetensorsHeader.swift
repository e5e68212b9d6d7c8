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

  /// Bytes that may be kept of a header in memory: tensors by the hundred thousand, or that much
  /// text. Its JSON may be longer, up to the format's own bound; it is not kept.
  static let largestMemory = 40 << 20
  /// What a tensor takes in memory beside its name and its extents, at most.
  static let memoryPerTensor = 256
  /// Far more axes than any tensor has.
  static let largestRank = 1024
  /// The parser gives the pages behind it back to the system in pieces of this size.
  private static let releaseInterval = 4 << 20

  /// - Parameters:
  ///   - file: the file's bytes; only the header's are looked at.
  ///   - release: told which bytes of the file have been read and are not needed again.
  /// - Throws: `truncated`, `invalid-safetensors-header`, `invalid-safetensors-offsets`, each with
  ///   the byte offset or the tensor; `over-limit` for a header that takes too much memory.
  init(
    reading file: RawSpan, _ mode: Mode = .strict,
    release: @escaping (Range<Int>) -> Void = { _ in }
  ) throws {
    let jsonRange = try SafetensorsHeader.jsonRange(in: file)
    let start = jsonRange.lowerBound
    let json = file.extracting(jsonRange)
    try SafetensorsHeader.checkStart(of: json, mode)
    var limits = JSONValue.Limits(bytes: SafetensorsHeader.maximumByteCount)
    // −0 among them, which the reference refuses as well.
    limits.allowsMinusSigns = false
    if mode == .compatible { limits.depth = 128 }
    let progress = JSONParser.Progress(every: SafetensorsHeader.releaseInterval) {
      release(0..<start + $0)
    }
    do {
      var parser = try JSONParser(json, limits: limits, progress: progress)
      (entries, metadata) = try SafetensorsHeader.content(
        &parser, in: json, mode, dataStart: jsonRange.upperBound)
      try parser.end(in: json)
    } catch let fault as Fault where fault.code == .invalidDocument || fault.code == .overLimit {
      var place = fault.place
      place.byteOffset = place.byteOffset.map { UInt64(start) + $0 }
      throw Fault(
        fault.code == .overLimit ? .overLimit : .invalidSafetensorsHeader, fault.reason, at: place)
    }
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
    let end = lengthByteCount + Int(declared)
    guard end <= file.byteCount else {
      throw Fault(
        .truncated,
        "the header should end at byte \(end), but the file has only \(file.byteCount) bytes",
        at: .init(byteOffset: UInt64(file.byteCount)), remedy: "fetch or copy the file again")
    }
    return lengthByteCount..<end
  }

  private static func checkStart(of json: RawSpan, _ mode: Mode) throws {
    guard
      mode == .compatible
        || json.byteCount > 0
          && json.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == UInt8(ascii: "{")
    else {
      throw Fault(
        .invalidSafetensorsHeader, "the header does not begin with {",
        at: .init(byteOffset: UInt64(lengthByteCount)))
    }
  }

  /// Sorted by offset, every tensor begins where the one before it ends, and the last one ends the
  /// file.
  private static func checkLayout(of entries: [Entry], dataRange: Range<Int>) throws {
    var end = dataRange.lowerBound
    let order = entries.indices.sorted {
      let (left, right) = (entries[$0].range, entries[$1].range)
      return (left.lowerBound, left.upperBound) < (right.lowerBound, right.upperBound)
    }
    for index in order {
      let entry = entries[index]
      let begin = entry.range.lowerBound
      // Made only for a fault: there are many tensors.
      var place: Fault.Place {
        .init(tensor: entry.description.key.name, byteOffset: UInt64(begin))
      }
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
