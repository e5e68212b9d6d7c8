import Diagnostics
import Documents
import Files
import FoundationEssentials
import Tensors

/// How tensors are spread over files of a bounded size, as the hub's own library does it.
struct SafetensorsShards {
  /// The tensors of each file, in the order of their bytes.
  let shards: [[StoredTensor]]
  /// The files' names, in the same order.
  let names: [String]
  private let stem: String

  /// Fills one file after the other in the order of `entries`; a tensor larger than the bound has a
  /// file to itself.
  ///
  /// - Parameter stem: `model` for `model-00001-of-00002.safetensors`.
  /// - Throws: `over-limit` when there would be too many files.
  init(
    of entries: [StoredTensor], largestByteCount: Int, stem: String
  ) throws {
    var shards: [[StoredTensor]] = []
    var current: [StoredTensor] = []
    var currentByteCount = 0
    for entry in entries {
      if entry.byteCount > largestByteCount {
        shards.append([entry])
        continue
      }
      if entry.byteCount > largestByteCount - currentByteCount {
        shards.append(current)
        current = []
        currentByteCount = 0
      }
      current.append(entry)
      currentByteCount += entry.byteCount
    }
    if !current.isEmpty || shards.isEmpty { shards.append(current) }
    guard shards.count <= SafetensorsIndex.largestShardCount else {
      throw Fault(
        .overLimit,
        "\(shards.count) shards, more than the \(SafetensorsIndex.largestShardCount) allowed",
        remedy: "allow larger shards")
    }
    self.shards = try shards.map { try SafetensorsWriter.sorted($0) }
    self.stem = stem
    let count = SafetensorsShards.digits(shards.count)
    names =
      shards.count == 1
      ? ["\(stem).safetensors"]
      : (1...shards.count).map { "\(stem)-\(SafetensorsShards.digits($0))-of-\(count).safetensors" }
  }

  private static func digits(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 5 - text.count)) + text
  }

  /// The name of the index, which one file alone does not need.
  var indexName: String? { names.count == 1 ? nil : stem + SafetensorsIndex.suffix }

  /// What the index says, tensors in ascending order of their names.
  var index: JSONValue {
    let places = zip(shards, names)
      .flatMap { entries, name in entries.map { (key: $0.key, shard: name) } }
      .sorted { $0.key < $1.key }
    let total = shards.reduce(0) { sum, entries in entries.reduce(sum) { $0 + $1.byteCount } }
    return .object([
      "metadata": .object(["total_size": .integer(Int64(total))]),
      "weight_map": .object(places.map { .init($0.key.name, .string($0.shard)) }),
    ])
  }

  /// Creates one of the files and writes its header.
  func beginFile(
    _ position: Int, in folder: String, metadata: [String: String], replacing: Bool
  ) throws -> AtomicFile {
    let file = try AtomicFile(
      destination: folder.appendingPathComponent(names[position]),
      replacing: replacing)
    try file.write(SafetensorsWriter.header(of: shards[position], metadata: metadata))
    return file
  }

  /// The files in the folder that belong to a checkpoint of this name: its only file, its shards
  /// or its index.
  func parts(in folder: String) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)
    return (names ?? []).filter(isPart).sorted()
  }

  private func isPart(_ name: String) -> Bool {
    guard name.utf8.starts(with: stem.utf8) else { return false }
    var rest = Array(name.utf8.dropFirst(stem.utf8.count))
    if rest.elementsEqual(SafetensorsIndex.suffix.utf8) { return true }
    let suffix = Array(".safetensors".utf8)
    guard rest.count >= suffix.count, rest.suffix(suffix.count).elementsEqual(suffix) else {
      return false
    }
    rest.removeLast(suffix.count)
    // -00001-of-00002
    let pattern = Array("-00000-of-00000".utf8)
    return rest.isEmpty
      || rest.count == pattern.count
        && zip(rest, pattern).allSatisfy { byte, expected in
          expected == UInt8(ascii: "0")
            ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == expected
        }
  }
}
