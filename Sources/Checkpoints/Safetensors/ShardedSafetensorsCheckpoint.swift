import Diagnostics
import Files
import Tensors

/// An open checkpoint of several safetensors files, the shards, with an index that says which of
/// them holds each tensor. Opening it reads the index and the shards' headers.
package final class ShardedSafetensorsCheckpoint: TensorSource {
  package let path: String
  package let tensors: [TensorDescription]
  /// What the index says, and what all shards say alike.
  package let metadata: [String: String]
  /// The shards' own paths, in the order of their names.
  package var shardPaths: [String] { shards.map(\.path) }
  private let shards: [SafetensorsCheckpoint]
  private let locations: [SourceKey: Int]

  package var formatName: String { "sharded safetensors" }

  /// - Parameter path: the index; symbolic links, as hub caches have them, lead to the shards.
  /// - Throws: `missing-input` with the name of a shard that is not there, `invalid-document` or
  ///   `shard-name` for the index, `shard-mismatch` when it and the shards disagree, or what a
  ///   shard's reader objects to.
  package init(indexPath path: String, reading mode: SafetensorsHeader.Mode = .strict) throws {
    let file = try MappedFile(path: path)
    let index = try located(in: .init(file: path)) {
      try file.withBytes { try SafetensorsIndex(parsing: $0) }
    }
    let folder = path.deletingLastPathComponent
    let shards = try index.shards.map { name in
      let shardPath = folder.appendingPathComponent(name)
      return try ShardedSafetensorsCheckpoint.openShard(at: shardPath, index: path, mode)
    }
    try ShardedSafetensorsCheckpoint.check(index, against: shards, path: path, mode)
    self.path = path
    self.shards = shards
    locations = index.locations
    tensors = shards.flatMap(\.tensors).sorted { $0.key < $1.key }
    var metadata = index.metadata
    for (key, value) in shards.first?.metadata ?? [:]
    where shards.allSatisfy({ $0.metadata[key] == value }) {
      metadata[key] = value
    }
    self.metadata = metadata
  }

  package func description(of key: SourceKey) -> TensorDescription? {
    locations[key].flatMap { shards[$0].description(of: key) }
  }

  package func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    guard let location = locations[key] else {
      throw Fault(
        .missingTensor, "the checkpoint has no such tensor", at: .init(file: path, tensor: key.name)
      )
    }
    return try shards[location].withBytes(of: key, body)
  }

  private static func openShard(
    at path: String, index: String, _ mode: SafetensorsHeader.Mode
  ) throws -> SafetensorsCheckpoint {
    do {
      return try SafetensorsCheckpoint(path: path, reading: mode)
    } catch let fault as Fault where fault.code == .missingInput {
      throw Fault(
        .missingInput, "the shard is missing that \(printable(index)) names",
        at: .init(file: path), remedy: "fetch or copy all shards into one folder")
    }
  }

  /// Every tensor lies in the shard that the index names, and in no other.
  private static func check(
    _ index: SafetensorsIndex, against shards: [SafetensorsCheckpoint], path: String,
    _ mode: SafetensorsHeader.Mode
  ) throws {
    let remedy = "the shards are of different versions: fetch them all again"
    for (position, shard) in shards.enumerated() {
      for tensor in shard.tensors where index.locations[tensor.key] != position {
        let reason =
          index.locations[tensor.key].map { "the index says that \(shards[$0].path) holds it" }
          ?? "the index does not know it"
        throw Fault(
          .shardMismatch, reason, at: .init(file: shard.path, tensor: tensor.key.name),
          remedy: remedy)
      }
    }
    for (key, position) in index.locations.sorted(by: { $0.key < $1.key })
    where shards[position].description(of: key) == nil {
      throw Fault(
        .shardMismatch, "the index says that this shard holds it, and it does not",
        at: .init(file: shards[position].path, tensor: key.name), remedy: remedy)
    }
    // Nobody but the writer computes this sum, and some get it wrong.
    guard mode == .strict, let declared = index.totalByteCount else { return }
    let total = shards.reduce(0) { sum, shard in
      shard.tensors.reduce(sum) { $0 &+ $1.byteCount }
    }
    guard total == declared else {
      throw Fault(
        .shardMismatch, "the tensors take \(total) bytes, the index says \(declared)",
        at: .init(file: path, pointer: "/metadata/total_size"),
        remedy: "\(remedy), or say --compatible when you trust them")
    }
  }
}
