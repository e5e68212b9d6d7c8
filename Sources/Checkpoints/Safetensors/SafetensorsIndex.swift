import Diagnostics
import Documents
import Tensors

/// What `model.safetensors.index.json` says: which file of its folder, or shard, holds each tensor.
struct SafetensorsIndex {
  /// In ascending order.
  let shards: [String]
  /// For each tensor, the position of its shard in ``shards``.
  let locations: [SourceKey: Int]
  /// The bytes of all tensors together, where the index gives them.
  let totalByteCount: Int?
  /// What else the index carries as text.
  let metadata: [String: String]

  static let suffix = ".safetensors.index.json"
  /// Each is a file that stays open.
  static let largestShardCount = 500

  /// - Throws: `invalid-document`, `over-limit`, `shard-name`.
  init(parsing text: RawSpan) throws {
    let root = JSONReader(try JSONValue(parsing: text))
    let map = try root.member("weight_map").members()
    let names = try map.map { member in
      let name = try member.reader.string()
      try located(in: .init(pointer: member.reader.pointer)) { try SafetensorsIndex.check(name) }
      return SourceKey(name)
    }
    let shards = Set(names).sorted()
    guard shards.count <= SafetensorsIndex.largestShardCount else {
      throw Fault(
        .overLimit,
        "\(shards.count) shards, more than the \(SafetensorsIndex.largestShardCount) allowed")
    }
    let positions = Dictionary(uniqueKeysWithValues: shards.enumerated().map { ($1, $0) })
    locations = Dictionary(
      uniqueKeysWithValues: zip(map, names).map { (SourceKey($0.name), positions[$1]!) })
    self.shards = shards.map(\.name)

    var metadata: [String: String] = [:]
    var totalByteCount: Int?
    for (name, reader) in try root.optionalMember("metadata")?.members() ?? [] {
      if name == "total_size" {
        totalByteCount = try reader.integer()
      } else if case .string(let text) = reader.value {
        metadata[name] = text
      }
    }
    self.totalByteCount = totalByteCount
    self.metadata = metadata
  }

  /// A shard stands beside its index: its name leads nowhere else.
  private static func check(_ name: String) throws {
    let bytes = Array(name.utf8)
    let suffix = Array(".safetensors".utf8)
    let isPath = bytes.contains { [0, UInt8(ascii: "/"), UInt8(ascii: "\\")].contains($0) }
    guard !isPath, bytes.count > suffix.count, bytes.count <= 255,
      bytes.suffix(suffix.count).elementsEqual(suffix)
    else {
      throw Fault(
        .shardName,
        "\"\(printable(name))\" is not the name of a .safetensors file beside the index")
    }
  }
}

extension Fault.Code {
  /// A shard whose name leads out of its folder or is no safetensors file's.
  package static let shardName = Fault.Code("shard-name", exit: .invalidData)
  /// Shards that do not hold what their index says.
  package static let shardMismatch = Fault.Code("shard-mismatch", exit: .invalidData)
  /// A folder that holds more than one checkpoint.
  package static let ambiguousFolder = Fault.Code("ambiguous-folder", exit: .invalidData)
}
