import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

/// A folder of shards and an index, of which a test changes one thing.
struct ShardedFolder {
  /// By file, the tensors in it: one byte each.
  var shards: [String: [String]] = [
    "model-00001-of-00002.safetensors": ["a", "b"], "model-00002-of-00002.safetensors": ["c"],
  ]
  /// What the index says; nil for the truth.
  var weightMap: [(String, String)]?
  var totalSize = "3"
  var index: String?

  /// The index's text.
  var indexText: String {
    let map =
      weightMap
      ?? shards.sorted { $0.key < $1.key }.flatMap { file, names in names.map { ($0, file) } }
    let members = map.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
    return index
      ?? "{\"metadata\":{\"total_size\":\(totalSize),\"format\":\"pt\"},\"weight_map\":{\(members)}}"
  }

  func write(to folder: String) throws {
    for (file, names) in shards {
      let tensors = names.enumerated().map {
        "\"\($1)\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[\($0),\($0 + 1)]}"
      }
      let metadata = "\"__metadata__\":{\"same\":\"x\",\"file\":\"\(file)\"}"
      let header = "{\(([metadata] + tensors).joined(separator: ","))}"
      let bytes = safetensorsFile(Array(header.utf8), data: names.map { $0.utf8.first ?? 0 })
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
    }
    try Data(indexText.utf8).write(
      to: URL(fileURLWithPath: "\(folder)/model.safetensors.index.json"))
  }

  /// The fault of opening the folder and reading all of it, or nil.
  func outcome(_ mode: SafetensorsHeader.Mode = .strict) throws -> Fault? {
    try withTemporaryFolder { folder in
      try write(to: folder)
      return try fault {
        let source = try openSafetensors(inFolder: folder, reading: mode)
        for tensor in source.tensors { _ = try source.copiedBytes(of: tensor.key) }
      }
    }
  }
}

@Suite("Reading sharded safetensors")
struct ShardedReadingTests {
  static let first = "model-00001-of-00002.safetensors"
  static let second = "model-00002-of-00002.safetensors"

  @Test("the hub library's shards read as one checkpoint, by their folder or their index")
  func hub() throws {
    let folder = SafetensorsFixture.path("sharded")
    let index = folder + "/model.safetensors.index.json"
    for source in [
      try openSafetensors(inFolder: folder), try ShardedSafetensorsCheckpoint(indexPath: index),
    ] {
      #expect(source.path == index)
      #expect(source.formatName == "sharded safetensors")
      #expect(source.metadata == ["format": "pt"])
      #expect(source.tensors.count == 9)
      #expect(source.tensors == source.tensors.sorted { $0.key < $1.key })
      for tensor in source.tensors {
        #expect(source.description(of: tensor.key) == tensor)
        #expect(try source.copiedBytes(of: tensor.key).count == tensor.byteCount)
      }
    }
  }

  @Test("tensors come from the shards that hold them")
  func values() throws {
    try withTemporaryFolder { folder in
      try ShardedFolder().write(to: folder)
      let source = try openSafetensors(inFolder: folder)
      for name in ["a", "b", "c"] {
        #expect(try source.copiedBytes(of: SourceKey(name)) == Array(name.utf8))
      }
      #expect(source.metadata == ["format": "pt", "same": "x"])
      let missing = #expect(throws: Fault.self) { try source.copiedBytes(of: SourceKey("d")) }
      #expect(missing?.code == .missingTensor)
    }
  }

  @Test("shards may be symbolic links, as in a hub cache")
  func links() throws {
    try withTemporaryFolder { folder in
      let blobs = folder + "/blobs"
      let snapshot = folder + "/snapshot"
      for path in [blobs, snapshot] {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      }
      try ShardedFolder().write(to: blobs)
      for name in try FileManager.default.contentsOfDirectory(atPath: blobs) {
        try FileManager.default.moveItem(atPath: "\(blobs)/\(name)", toPath: "\(blobs)/x\(name)")
        try FileManager.default.createSymbolicLink(
          atPath: "\(snapshot)/\(name)", withDestinationPath: "../blobs/x\(name)")
      }
      let tensors = try openSafetensors(inFolder: snapshot).tensors
      #expect(tensors.map(\.key.name) == ["a", "b", "c"])
    }
  }

  @Test("a shard that is missing is named, and is no bad data")
  func missingShard() throws {
    var folder = ShardedFolder()
    folder.weightMap = [("a", Self.first), ("b", Self.first), ("c", "elsewhere.safetensors")]
    let fault = try #require(try folder.outcome())
    #expect(fault.code == .missingInput)
    #expect(fault.place.file?.hasSuffix("/elsewhere.safetensors") == true)
  }

  @Test("a shard that is damaged is refused under its own name")
  func damagedShard() throws {
    try withTemporaryFolder { folder in
      try ShardedFolder().write(to: folder)
      let path = "\(folder)/\(Self.second)"
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      try bytes.dropLast().write(to: URL(fileURLWithPath: path))
      let fault = #expect(throws: Fault.self) { try openSafetensors(inFolder: folder) }
      #expect(fault?.code == .truncated)
      #expect(fault?.place.file == path)
    }
  }

  @Test("shards that do not hold what the index says are refused, with the tensor and the shard")
  func mismatches() throws {
    let (first, second) = (Self.first, Self.second)
    let cases: [(ShardedFolder, tensor: String, file: String)] = [
      // A tensor that the index does not know.
      (.init(weightMap: [("a", first), ("c", second)]), "b", first),
      // A tensor that its shard does not hold.
      (.init(weightMap: [("a", first), ("b", first), ("c", second), ("d", second)]), "d", second),
      // A tensor in another shard than the index says.
      (.init(weightMap: [("a", first), ("b", second), ("c", second)]), "b", first),
      // A tensor in two shards.
      (
        .init(
          shards: [first: ["a", "b"], second: ["b", "c"]],
          weightMap: [("a", first), ("b", first), ("c", second)]), "b", second
      ),
    ]
    for (folder, tensor, file) in cases {
      for mode in [SafetensorsHeader.Mode.strict, .compatible] {
        let fault = try #require(try folder.outcome(mode))
        #expect(fault.code == .shardMismatch, "\(fault)")
        #expect(fault.place.tensor == tensor)
        #expect(fault.place.file?.hasSuffix(file) == true)
      }
    }
  }

  @Test("a wrong total is refused, or overlooked in the compatible mode")
  func totals() throws {
    for total in ["2", "4", "0"] {
      let folder = ShardedFolder(totalSize: total)
      #expect(try folder.outcome()?.code == .shardMismatch)
      #expect(try folder.outcome(.compatible) == nil)
    }
  }

  @Test(
    "a shard's name leads nowhere else",
    arguments: [
      "../x.safetensors", "/etc/x.safetensors", "a/x.safetensors", "a\\\\x.safetensors", "..",
      ".safetensors", "", "x.bin", "x.safetensors/", "./x.safetensors",
      String(repeating: "x", count: 300) + ".safetensors",
    ])
  func names(name: String) throws {
    let folder = ShardedFolder(weightMap: [("a", name)])
    #expect(try folder.outcome()?.code == .shardName)
  }

  @Test(
    "an index that is not one is refused",
    arguments: [
      "", "[]", "{}", "{\"weight_map\":[]}", "{\"weight_map\":{\"a\":1}}",
      "{\"weight_map\":{\"a\":null}}", "{\"weight_map\":null}",
      "{\"weight_map\":{},\"metadata\":[]}", "{\"weight_map\":{},\"metadata\":{\"total_size\":-1}}",
      "{\"weight_map\":{},\"metadata\":{\"total_size\":1.5}}",
      "{\"weight_map\":{\"a\":\"x.safetensors\",\"a\":\"x.safetensors\"}}",
    ])
  func indices(text: String) throws {
    let fault = try #require(try ShardedFolder(index: text).outcome())
    #expect(fault.code == .invalidDocument, "\(fault)")
    #expect(fault.place.file?.hasSuffix(".index.json") == true)
  }

  @Test("an index of more shards than may be open is refused before any is")
  func manyShards() throws {
    let map = (0..<501).map { ("t\($0)", "shard\($0).safetensors") }
    #expect(try ShardedFolder(weightMap: map).outcome()?.code == .overLimit)
  }

  @Test("a folder holds one checkpoint, or the user has to say which")
  func folders() throws {
    try withTemporaryFolder { folder in
      func outcome() throws -> Fault? {
        try fault { _ = try openSafetensors(inFolder: folder) }
      }
      #expect(try outcome()?.code == .missingInput)
      let file = safetensorsFile(Array("{}".utf8))
      try Data(file).write(to: URL(fileURLWithPath: folder + "/other.safetensors"))
      #expect(try outcome()?.remedy?.contains("other.safetensors") == true)
      try Data(file).write(to: URL(fileURLWithPath: folder + "/model.safetensors"))
      #expect(try outcome() == nil)
      try Data("{\"weight_map\":{}}".utf8).write(
        to: URL(fileURLWithPath: folder + "/model.fp16.safetensors.index.json"))
      #expect(try outcome()?.code == .ambiguousFolder)
      let none = try fault { _ = try openSafetensors(inFolder: folder + "/none") }
      #expect(none?.code == .missingInput)
    }
  }
}
