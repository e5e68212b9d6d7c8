import Diagnostics
import Documents
import Tensors

extension SafetensorsHeader {
  /// What the header says of one tensor, each part of the right type and not yet compared with the
  /// others.
  private struct Record {
    let dtype: DType
    let extents: [Int]
    let offsets: [Int]

    private static let names: Set<String> = ["dtype", "shape", "data_offsets"]

    init(_ reader: JSONReader, _ mode: Mode) throws {
      switch mode {
      case .strict: try reader.allowOnly(Record.names)
      case .compatible: try SafetensorsHeader.checkNotRepeated(Record.names, in: reader)
      }
      let name = try reader.member("dtype").string()
      guard let dtype = DType(rawValue: name) else {
        throw Fault(
          .invalidSafetensorsHeader, "dtype \"\(printable(name))\" is not one of the format's")
      }
      self.dtype = dtype
      extents = try reader.member("shape").elements().map { try $0.integer() }
      offsets = try reader.member("data_offsets").elements().map { try $0.integer() }
      guard offsets.count == 2 else {
        throw Fault(.invalidSafetensorsOffsets, "data_offsets are \(offsets.count) numbers, not 2")
      }
    }

    /// The tensor, when its size is that of its bytes.
    func entry(_ name: String, dataStart: Int) throws -> Entry {
      let description = try TensorDescription(
        SourceKey(name), dtype: dtype, shape: Shape(extents))
      guard offsets[0] <= offsets[1], offsets[1] <= Int.max - dataStart else {
        throw Fault(.invalidSafetensorsOffsets, "data_offsets \(offsets) are no range of bytes")
      }
      guard offsets[1] - offsets[0] == description.byteCount else {
        throw Fault(
          .invalidSafetensorsOffsets,
          "\(dtype) \(description.shape) takes \(description.byteCount) bytes, data_offsets give it "
            + "\(offsets[1] - offsets[0])",
          at: .init(byteOffset: UInt64(dataStart + offsets[0])))
      }
      return Entry(
        description: description, range: dataStart + offsets[0]..<dataStart + offsets[1])
    }
  }

  /// The tensors in ascending order of their names, and the metadata.
  static func content(
    of root: JSONReader, _ mode: Mode, dataStart: Int
  ) throws -> (entries: [Entry], metadata: [String: String]) {
    var metadata: [String: String] = [:]
    var records: [SourceKey: Record] = [:]
    try headerFault {
      if mode == .compatible { try checkNotRepeated(["__metadata__"], in: root) }
      for (name, reader) in try root.members() {
        if name.utf8.elementsEqual("__metadata__".utf8) {
          if mode == .compatible, reader.value == .null { continue }
          metadata = try self.metadata(of: reader, mode)
        } else {
          // Of several with one name, which only the compatible mode lets come so far, the last
          // one counts; whether its bytes are all that there are, the layout tells.
          records[SourceKey(name)] = try located(in: .init(tensor: name)) {
            try Record(reader, mode)
          }
        }
      }
    }
    let entries = try records.map { key, record in
      try located(in: .init(tensor: key.name)) {
        try record.entry(key.name, dataStart: dataStart)
      }
    }
    return (entries.sorted { $0.description.key < $1.description.key }, metadata)
  }

  /// Far more than anybody writes, and little enough memory.
  private static let largestMetadataCount = 1 << 16

  private static func metadata(of reader: JSONReader, _ mode: Mode) throws -> [String: String] {
    if case .object(let members) = reader.value, members.count > largestMetadataCount {
      throw Fault(
        .overLimit,
        "\(members.count) entries of metadata, more than the \(largestMetadataCount) allowed")
    }
    if mode == .strict { return try reader.dictionary { try $0.string() } }
    var metadata: [String: String] = [:]
    for (key, value) in try reader.members() { metadata[key] = try value.string() }
    return metadata
  }

  private static func checkNotRepeated(_ names: Set<String>, in reader: JSONReader) throws {
    var found: Set<String> = []
    for (name, reader) in try reader.members() where names.contains(name) {
      guard found.insert(name).inserted else { throw reader.fault("\(name) is given twice") }
    }
  }

  /// A header that is not the document which it should be is a fault of the header.
  private static func headerFault(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let fault as Fault where fault.code == .invalidDocument {
      throw Fault(.invalidSafetensorsHeader, fault.reason, at: fault.place, remedy: fault.remedy)
    }
  }
}
