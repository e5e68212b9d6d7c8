import Checkpoints
import Foundation
import Tensors
import Testing

/// What no conversion can make something of: an error of its own for each, and nothing written.
@Suite("Misused conversions")
struct MisuseTests {
  struct Misuse: Sendable, CustomTestStringConvertible {
    let line: String
    let words: [String]

    init(_ line: String, _ words: String...) {
      (self.line, self.words) = (line, words)
    }

    var testDescription: String { line }
  }

  static let wrongFamily = [
    Misuse("@source --to video-swin", "BEiT model is not", "built like the source"),
    Misuse("@source --to monai-swinunetr --image-size 64,64,64", "BEiT model is not"),
    Misuse("@swin --to transseg-beit --image-size 96,96,5 --heads 2", "Swin model is not"),
    Misuse("@swin --to monai-unetr --image-size 96,96,96", "Swin model is not"),
    Misuse("@swin --to transseg-swin --source beit", "read as BEiT"),
  ]

  static let geometry = [
    Misuse(
      "@swin --to transseg-swin --image-size 112,112,5 --window 7,7,3", "windowDepth 1, not 3"),
    Misuse(
      "@swin --to transseg-swin --image-size 112,112,5 --depth-axis 0", "axis 2, not 0",
      "--depth-axis"),
    Misuse("@dino --to monai-vit --image-size 64,64,16 --heads 3", "3 heads", "--heads"),
    Misuse("@dino --to monai-vit --image-size 64,64,20 --heads 2", "20", "choose 16 or 32"),
    Misuse("@dino --to monai-vit --heads 2", "--image-size"),
    Misuse(
      "@dino --to monai-unetr --image-size 64,64,64 --heads 2", "12 blocks, not 4", "--layers"),
    Misuse("swin-b.safetensors --to monai-swinunetr --image-size 64,64,64", "128", "Swin-T"),
    Misuse("@swin --to monai-swinunetr --image-size 64,64,64", "multiple of 12"),
    Misuse("small.safetensors --to video-swin --window 5,5,2", "geometric", "bicubic"),
    Misuse("@swin --to video-swin --feature-size 96", "feature size 96", "8"),
  ]

  static let weights = [
    Misuse("@dino --to monai-vit --image-size 64,64,16", "attention heads", "--heads N"),
    Misuse("shards/w.safetensors.index.json --to transseg-beit", "w-00002-of"),
    Misuse("shards --to transseg-beit", "w-00002-of"),
    Misuse("nan.safetensors --to transseg-beit", "NaN", "blocks.2.mlp.fc1.weight", "element 7"),
    Misuse("nan.safetensors --to transseg-beit --dtype f16", "NaN", "blocks.2.mlp.fc1.weight"),
  ]

  private func sandbox() throws -> Sandbox {
    let sandbox = try Sandbox()
    try sandbox.shell(
      """
      mkdir shards
      $tool repack @source -o shards/w.safetensors --max-shard-size 100kB
      rm shards/w-00002-of-*
      """
    ).expectSuccess()
    try sandbox.writeNaN(named: "nan.safetensors")
    // Half a gigabyte of zeros that takes no room.
    try sandbox.writeSwin(named: "swin-b.safetensors", embedding: 128, window: 7)
    try sandbox.writeSwin(named: "small.safetensors", embedding: 12, window: 2)
    return sandbox
  }

  @Test("are explained, each by an error of its own", arguments: wrongFamily + geometry + weights)
  func explained(misuse: Misuse) throws {
    let sandbox = try sandbox()
    let before = sandbox.listing
    for output in ["a.safetensors --report r.json", "a.pth", "a.h5"] {
      let outcome = try sandbox.shell(
        "$tool convert \(misuse.line) --decoder none -o \(output)")
      #expect([64, 65, 66].contains(outcome.status), "\(outcome.error)")
      #expect(!outcome.wasSignalled)
      #expect(outcome.output.isEmpty)
      #expect(sandbox.listing == before)
      for word in misuse.words {
        #expect(outcome.error.contains(word), "\"\(word)\" is not in: \(outcome.error)")
      }
    }
  }

  @Test("do not come about where nothing is wrong")
  func sound() throws {
    let sandbox = try sandbox()
    for line in [
      "@swin --to transseg-swin", "@dino --to monai-vit --image-size 64,64,16 --heads 2",
      "small.safetensors --to video-swin --window 5,5,2 --rel-pos-resize bicubic",
      "@source --to transseg-beit",
    ] {
      let outcome = try sandbox.shell(
        "$tool convert \(line) --image-size 64,64,16 --decoder none -o a.safetensors --force")
      #expect(outcome.status == 0, "\(line): \(outcome.error)")
    }
  }

  @Test(
    "on a disk that is full leave nothing, in any container",
    arguments: ["a.safetensors", "a.pth", "a.h5", "a.safetensors --max-shard-size 120kB"])
  func fullDisk(output: String) throws {
    let sandbox = try Sandbox()
    let outcome = try sandbox.shell(
      "trap '' XFSZ; ulimit -f 60; $tool convert @source --to transseg-beit --decoder none "
        + "-o \(output)")
    #expect(outcome.status == 74, "\(outcome.error)")
    #expect(sandbox.listing.isEmpty)
  }

  @Test("killed half-way leave the old file as it was, and the next run succeeds")
  func killed() throws {
    let sandbox = try Sandbox()
    try sandbox.write("mine", to: "a.safetensors")
    let line =
      "$tool convert @source --to transseg-beit --decoder none --image-size 1024,1024,5 --force "
      + "-o a.safetensors"
    _ = try sandbox.shell(
      """
      \(line) & process=$!
      for i in $(seq 2000); do
        if ls -A | grep -q partial; then break; fi
        sleep 0.005
      done
      kill -KILL $process
      wait $process
      """)
    #expect(try sandbox.contents(of: "a.safetensors") == Data("mine".utf8))
    try sandbox.shell(line.replacingOccurrences(of: "1024,1024", with: "64,64")).expectSuccess()
    #expect(throws: Never.self) { try SafetensorsCheckpoint(path: sandbox.path + "/a.safetensors") }
  }
}

extension Sandbox {
  /// The sample source with one NaN among its weights.
  func writeNaN(named name: String) throws {
    let source = try SafetensorsCheckpoint(path: Sample.resolved("@source"))
    try write(source.tensors, named: name) { tensor in
      try source.withBytes(of: tensor.key) { bytes in
        var values = bytes.withUnsafeBytes { Array($0) }
        if tensor.key.name == "blocks.2.mlp.fc1.weight" {
          values.replaceSubrange(28..<32, with: [0, 0, 0xC0, 0x7F])
        }
        return values
      }
    }
  }

  /// A Swin of four stages with one block each, all zeros, by Microsoft's names.
  func writeSwin(named name: String, embedding: Int, window: Int) throws {
    var shapes: [String: [Int]] = [
      "patch_embed.proj.weight": [embedding, 3, 4, 4], "patch_embed.proj.bias": [embedding],
    ]
    for stage in 0..<4 {
      let width = embedding << stage
      let tensors: [String: [Int]] = [
        "norm1.weight": [width], "norm1.bias": [width], "attn.qkv.weight": [3 * width, width],
        "attn.qkv.bias": [3 * width], "attn.proj.weight": [width, width],
        "attn.proj.bias": [width], "norm2.weight": [width], "norm2.bias": [width],
        "mlp.fc1.weight": [4 * width, width], "mlp.fc1.bias": [4 * width],
        "mlp.fc2.weight": [width, 4 * width], "mlp.fc2.bias": [width],
        "attn.relative_position_bias_table": [(2 * window - 1) * (2 * window - 1), 4 << stage],
      ]
      for (name, shape) in tensors { shapes["layers.\(stage).blocks.0.\(name)"] = shape }
      guard stage < 3 else { continue }
      shapes["layers.\(stage).downsample.reduction.weight"] = [2 * width, 4 * width]
      shapes["layers.\(stage).downsample.norm.weight"] = [4 * width]
      shapes["layers.\(stage).downsample.norm.bias"] = [4 * width]
    }
    let names = shapes.keys.sorted()
    var offset = 0
    var header = "{"
    for (number, name) in names.enumerated() {
      let extents = shapes[name] ?? []
      let end = offset + 4 * extents.reduce(1, *)
      header +=
        "\(number > 0 ? "," : "")\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(extents),"
        + "\"data_offsets\":[\(offset),\(end)]}"
      offset = end
    }
    header += "}"
    let file = "\(path)/\(name)"
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    try (length + Data(header.utf8)).write(to: URL(filePath: file))
    let handle = try #require(FileHandle(forUpdatingAtPath: file))
    try handle.truncate(atOffset: UInt64(8 + header.utf8.count + offset))
    try handle.close()
  }

  private func write(
    _ tensors: [TensorDescription], named name: String,
    _ bytes: (TensorDescription) throws -> [UInt8]
  ) throws {
    var writer = try SafetensorsWriter(
      destination: "\(path)/\(name)",
      entries: tensors.map { try .init(TargetKey($0.key.name), dtype: $0.dtype, shape: $0.shape) },
      metadata: [:], replacing: true)
    let descriptions = Dictionary(uniqueKeysWithValues: tensors.map { ($0.key.name, $0) })
    for entry in writer.order {
      try writer.write(bytes(#require(descriptions[entry.key.name])))
    }
    try writer.commit()
  }
}
