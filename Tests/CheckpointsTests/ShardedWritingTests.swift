import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

@Suite("Writing sharded safetensors")
struct ShardedWritingTests {
  private func files(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  private func entry(_ name: String, _ count: Int) throws -> StoredTensor {
    try .init(TargetKey(name), dtype: .u8, shape: Shape([count]))
  }

  /// Writes tensors of ones.
  private func write(
    _ entries: [StoredTensor], to folder: String, largest: Int, replacing: Bool = false
  ) throws {
    var writer = try ShardedSafetensorsWriter(
      destination: folder + "/model.safetensors", entries: entries, metadata: [:],
      largestByteCount: largest, replacing: replacing)
    for entry in writer.order { try writer.write([UInt8](repeating: 1, count: entry.byteCount)) }
    try writer.commit()
  }

  @Test("shards are those of the hub's library, byte for byte")
  func hub() throws {
    let fixture = SafetensorsFixture.path("sharded")
    let source = try openSafetensors(inFolder: fixture)
    // The order of the state dict in the fixture's script.
    let names = (0..<3).flatMap { block in
      ["weight", "bias", "large"].map { "blocks.\(block).\($0)" }
    }
    let entries = try names.map { name in
      let tensor = try source.requiredDescription(of: SourceKey(name))
      return try StoredTensor(TargetKey(name), dtype: tensor.dtype, shape: tensor.shape)
    }
    try withTemporaryFolder { folder in
      var writer = try ShardedSafetensorsWriter(
        destination: folder + "/model.safetensors", entries: entries, metadata: ["format": "pt"],
        largestByteCount: 600, replacing: false)
      let expected = try files(in: fixture)
      #expect(writer.names.sorted() == expected)
      for entry in writer.order {
        try writer.write(try source.copiedBytes(of: SourceKey(entry.key.name)))
      }
      try writer.commit()
      let found = try files(in: folder)
      #expect(found == expected)
      for name in expected where name.hasSuffix(".safetensors") {
        let written = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
        #expect([UInt8](written) == (try SafetensorsFixture.bytes("sharded/\(name)")), "\(name)")
      }
      // The index says the same, in an order that is always the same.
      let copy = try openSafetensors(inFolder: folder)
      #expect(copy.tensors == source.tensors)
    }
  }

  @Test("only the shard that is being written is open, however many there are")
  func openFiles() throws {
    try withTemporaryFolder { folder in
      let entries = try (0..<40).map { try entry("tensor.\($0)", 5) }
      var writer = try ShardedSafetensorsWriter(
        destination: folder + "/model.safetensors", entries: entries, metadata: [:],
        largestByteCount: 5, replacing: false)
      for _ in entries {
        try writer.write([UInt8](repeating: 1, count: 5))
        let open = try files(in: "/proc/self/fd").filter {
          let path = try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/self/fd/\($0)")
          return path?.contains((folder as NSString).lastPathComponent) == true
        }
        #expect(open.count == 1)
      }
      try writer.commit()
      #expect(try files(in: folder).count == 41)
      #expect(try openSafetensors(inFolder: folder).tensors.count == 40)
    }
  }

  @Test("one shard alone needs no index")
  func single() throws {
    try withTemporaryFolder { folder in
      try write([entry("a", 3), entry("b", 4)], to: folder, largest: 7)
      let found = try files(in: folder)
      #expect(found == ["model.safetensors"])
      #expect(try openSafetensors(inFolder: folder).tensors.count == 2)
    }
  }

  @Test("no tensors are one file, too")
  func none() throws {
    try withTemporaryFolder { folder in
      try write([], to: folder, largest: 7)
      #expect(try openSafetensors(inFolder: folder).tensors.isEmpty)
    }
  }

  @Test("a tensor larger than a shard has one to itself, an empty one needs no room")
  func unevenTensors() throws {
    try withTemporaryFolder { folder in
      let entries = try [("a", 1), ("b", 100), ("c", 9), ("d", 0), ("e", 1)].map {
        try entry($0, $1)
      }
      try write(entries, to: folder, largest: 10)
      let source = try openSafetensors(inFolder: folder)
      #expect(source.tensors.map(\.byteCount) == [1, 100, 9, 0, 1])
      let found = try files(in: folder)
      #expect(found.count == 4)
    }
  }

  @Test("nothing appears before all is written, and nothing stays when it is not")
  func atomicity() throws {
    try withTemporaryFolder { folder in
      func visible() throws -> [String] { try files(in: folder).filter { !$0.hasPrefix(".") } }
      do {
        var writer = try ShardedSafetensorsWriter(
          destination: folder + "/model.safetensors", entries: [entry("a", 1), entry("b", 1)],
          metadata: [:], largestByteCount: 1, replacing: false)
        try writer.write([1])
        try writer.write([2])
        #expect(try visible().isEmpty)
        try writer.commit()
      }
      let complete = try visible()
      #expect(complete.count == 3)
    }
    try withTemporaryFolder { folder in
      let fault = #expect(throws: Fault.self) {
        var writer = try ShardedSafetensorsWriter(
          destination: folder + "/model.safetensors", entries: [entry("a", 1), entry("b", 1)],
          metadata: [:], largestByteCount: 1, replacing: false)
        try writer.write([1])
        try writer.commit()
      }
      #expect(fault?.code == .writeFailed)
      let left = try files(in: folder)
      #expect(left.isEmpty)
    }
  }

  @Test("a checkpoint of this name is replaced whole, or not at all")
  func replacing() throws {
    try withTemporaryFolder { folder in
      try write([entry("a", 5), entry("b", 5), entry("c", 5)], to: folder, largest: 5)
      for name in [
        "model.safetensors.backup", "model-00001-of-1.safetensors", "xmodel.safetensors",
      ] {
        try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }
      let before = try files(in: folder)
      let fault = #expect(throws: Fault.self) {
        try write([entry("a", 5)], to: folder, largest: 5)
      }
      #expect(fault?.code == .cannotCreate)
      let after = try files(in: folder)
      #expect(after == before)

      try write([entry("z", 5)], to: folder, largest: 5, replacing: true)
      let replaced = try files(in: folder)
      #expect(
        replaced == [
          "model-00001-of-1.safetensors", "model.safetensors", "model.safetensors.backup",
          "xmodel.safetensors",
        ])
      #expect(try openSafetensors(inFolder: folder).tensors.map(\.key.name) == ["z"])
    }
  }

  @Test("what makes no sense is refused before anything is written")
  func refusals() throws {
    func code(_ entries: [StoredTensor], _ name: String, _ largest: Int) throws -> Fault
      .Code?
    {
      try withTemporaryFolder { folder in
        let fault = try fault {
          let writer = try ShardedSafetensorsWriter(
            destination: "\(folder)/\(name)", entries: entries, metadata: [:],
            largestByteCount: largest, replacing: false)
          try writer.commit()
        }
        let left = try files(in: folder)
        #expect(left.isEmpty)
        return fault?.code
      }
    }
    let a = try entry("a", 1)
    #expect(try code([a], "model.bin", 1) == .usage)
    #expect(try code([a], ".safetensors", 1) == .usage)
    #expect(try code([a], "model.safetensors", 0) == .usage)
    #expect(try code([a], "model.safetensors", -1) == .usage)
    #expect(try code([a, a], "model.safetensors", 1) == .duplicateTensor)
    #expect(try code([a], "none/model.safetensors", 1) == .cannotCreate)
    let many = try (0..<501).map { try entry("t\($0)", 1) }
    #expect(try code(many, "model.safetensors", 1) == .overLimit)
  }
}
