import Diagnostics
import Documents
import Tensors

/// Reads the header's JSON part by part: of a large one, no more comes into memory than is kept.
extension SafetensorsHeader {
  /// What the header says of one tensor, each part of the right type and not yet compared with the
  /// others.
  private struct Record {
    let key: SourceKey
    let dtype: DType
    let extents: [Int]
    let begin: Int
    let end: Int

    /// The tensor, when its size is that of its bytes.
    func entry(dataStart: Int) throws -> Entry {
      let description = try TensorDescription(key, dtype: dtype, shape: Shape(extents))
      guard begin <= end, end <= Int.max - dataStart else {
        throw Fault(
          .invalidSafetensorsOffsets, "data_offsets [\(begin), \(end)] are no range of bytes")
      }
      guard end - begin == description.byteCount else {
        throw Fault(
          .invalidSafetensorsOffsets,
          "\(dtype) \(description.shape) takes \(description.byteCount) bytes, data_offsets give it "
            + "\(end - begin)",
          at: .init(byteOffset: UInt64(dataStart + begin)))
      }
      return Entry(description: description, range: dataStart + begin..<dataStart + end)
    }
  }

  /// What is kept of a header, in bytes of memory, against what may be.
  private struct Budget {
    private(set) var spent = 0

    mutating func spend(_ byteCount: Int) throws {
      spent += byteCount
      guard spent <= largestMemory else {
        throw Fault(
          .overLimit,
          "the header's tensors and metadata take more than the \(largestMemory) bytes of memory "
            + "allowed")
      }
    }
  }

  /// The tensors in ascending order of their names, and the metadata.
  static func content(
    _ parser: inout JSONParser, in text: RawSpan, _ mode: Mode, dataStart: Int
  ) throws -> (entries: [Entry], metadata: [String: String]) {
    var metadata: [String: String]?
    var records: [Record] = []
    var budget = Budget()
    try parser.object(in: text) { parser, name, start in
      if name.utf8.elementsEqual("__metadata__".utf8) {
        guard metadata == nil else {
          throw parser.mismatch("__metadata__ is given twice", at: start)
        }
        metadata = [:]
        if mode == .compatible, try parser.skipNull(in: text) { return }
        metadata = try self.metadata(&parser, in: text, mode, &budget)
      } else {
        records.append(
          try located(in: .init(tensor: name)) {
            try record(name, &parser, in: text, mode, &budget)
          })
      }
    }
    let entries = try inOrder(records, mode).map { record in
      try located(in: .init(tensor: record.key.name)) {
        try record.entry(dataStart: dataStart)
      }
    }
    return (entries, metadata ?? [:])
  }

  /// The records in ascending order of their names. Of several with one name the last one counts
  /// in the compatible mode; whether its bytes are all that there are, the layout tells.
  private static func inOrder(_ records: [Record], _ mode: Mode) throws -> [Record] {
    let order = records.indices.sorted { left, right in
      records[left].key != records[right].key
        ? records[left].key < records[right].key : left < right
    }
    var result: [Record] = []
    result.reserveCapacity(records.count)
    for index in order {
      let record = records[index]
      guard result.last?.key == record.key else {
        result.append(record)
        continue
      }
      guard mode == .compatible else {
        throw Fault(
          .invalidSafetensorsHeader, "two tensors have this name",
          at: .init(tensor: record.key.name))
      }
      result[result.count - 1] = record
    }
    return result
  }

  private static func record(
    _ name: String, _ parser: inout JSONParser, in text: RawSpan, _ mode: Mode,
    _ budget: inout Budget
  ) throws -> Record {
    var dtype: DType?
    var extents: [Int]?
    var offsets: [Int]?
    try parser.object(in: text) { parser, member, start in
      let isRepeated: Bool
      switch member {
      case "dtype":
        isRepeated = dtype != nil
        dtype = try self.dtype(&parser, in: text)
      case "shape":
        isRepeated = extents != nil
        extents = try counts(&parser, in: text, atMost: largestRank)
      case "data_offsets":
        isRepeated = offsets != nil
        offsets = try counts(&parser, in: text, atMost: largestRank)
      default:
        guard mode == .compatible else {
          throw parser.mismatch("unknown member \"\(printable(member))\"", at: start)
        }
        isRepeated = false
        try parser.skipValue(in: text)
      }
      if isRepeated { throw parser.mismatch("\(member) is given twice", at: start) }
    }
    guard let dtype, let extents, let offsets else {
      throw parser.mismatch("a tensor lacks its dtype, its shape or its data_offsets")
    }
    guard offsets.count == 2 else {
      throw Fault(.invalidSafetensorsOffsets, "data_offsets are \(offsets.count) numbers, not 2")
    }
    try budget.spend(memoryPerTensor + name.utf8.count + 8 * extents.count)
    return Record(
      key: SourceKey(name), dtype: dtype, extents: extents, begin: offsets[0], end: offsets[1])
  }

  private static func dtype(_ parser: inout JSONParser, in text: RawSpan) throws -> DType {
    let name = try parser.text(in: text)
    guard let dtype = DType(rawValue: name) else {
      throw Fault(
        .invalidSafetensorsHeader, "dtype \"\(printable(name))\" is not one of the format's")
    }
    return dtype
  }

  private static func counts(
    _ parser: inout JSONParser, in text: RawSpan, atMost limit: Int
  ) throws -> [Int] {
    var counts: [Int] = []
    try parser.array(in: text) { parser in
      guard counts.count < limit else {
        throw Fault(.overLimit, "a list of more than the \(limit) numbers allowed")
      }
      counts.append(try parser.count(in: text))
    }
    return counts
  }

  private static func metadata(
    _ parser: inout JSONParser, in text: RawSpan, _ mode: Mode, _ budget: inout Budget
  ) throws -> [String: String] {
    var metadata: [String: String] = [:]
    try parser.object(in: text) { parser, name, start in
      let value = try parser.text(in: text)
      try budget.spend(memoryPerTensor + name.utf8.count + value.utf8.count)
      // Names that differ in their bytes may still be one string to Swift; such a pair is refused.
      guard metadata.updateValue(value, forKey: name) == nil || mode == .compatible else {
        throw parser.mismatch("the name \"\(printable(name))\" is given twice", at: start)
      }
    }
    return metadata
  }
}
