import Diagnostics
import Documents
import Tensors
import Testing

@testable import Architectures

/// Names, shapes and records that claim the absurd: a fault in good time, never a trap.
@Suite("Hostile checkpoints", .timeLimit(.minutes(1)))
struct HostileCheckpointTests {
  private func fault(_ source: ShapesOnly) throws -> Fault {
    try #require(throws: Fault.self) { try FamilyCatalogue.builtIn().recognise(source) }
  }

  @Test(
    "a block with an absurd number is a stranger",
    arguments: [
      "9223372036854775807", "9223372036854775806", "1048575", "10000", "99999999999999999999",
    ])
  func absurdNumber(number: String) throws {
    let name = "blocks.\(number).norm1.weight"
    let model = try FamilyCatalogue.builtIn().recognise(ShapesOnly.beit().adding([name: [8]]))
    #expect(model.unclaimed == [SourceKey(name)])
  }

  @Test("a hundred thousand missing tensors are counted, not listed")
  func missingBlocks() throws {
    let fault = try fault(.beit().adding(["blocks.9999.norm1.weight": [8]]))
    #expect(fault.place.tensor == "blocks.2.norm1.weight")
    #expect(fault.reason.contains("and "))
  }

  @Test("stages without end that a record claims are no work")
  func endlessStages() throws {
    let source = try #require(StateDictionary.all.first { $0.family == "swin-timm" }).source
    let claim = { (members: [JSONValue.Member]) in
      source.recording(("target", "video-swin"), ("parameters", .object(members)))
    }
    _ = try fault(claim([.init("stages", .integer(1 << 20))]))
    let deep = (0..<100).map { JSONValue.Member("depth[\($0)]", .integer(1 << 20)) }
    _ = try fault(claim([.init("stages", .integer(1 << 20))] + deep))
  }

  @Test("a name of a million numbers is no work")
  func longName() throws {
    let name = Array(repeating: "1", count: 1_000_000).joined(separator: ".")
    let model = try FamilyCatalogue.builtIn().recognise(ShapesOnly.beit().adding([name: [8]]))
    #expect(model.unclaimed.count == 1)
  }

  @Test(
    "a record's hyper-parameters must fit the shapes",
    arguments: ["depth", "hidden", "gridHeight", "heads", "patchWidth"])
  func absurdParameter(name: String) throws {
    let parameters = JSONValue.object([.init(name, .integer(1 << 20))])
    let fault = try fault(ShapesOnly.beit().recording(("parameters", parameters)))
    #expect(fault.code == .unrecognisedFamily)
    #expect(fault.place.tensor != nil)
  }

  @Test("a grid whose table 63 bits cannot count is a contradiction, not a free pass")
  func overflowingGrid() throws {
    var source = ShapesOnly.volume()
    _ = try FamilyCatalogue.builtIn().recognise(source)
    let parameters = JSONValue.object(
      ["gridHeight", "gridWidth", "gridDepth"].map { .init($0, .integer(1 << 20)) })
    source = source.recording(("target", "transseg-beit"), ("parameters", parameters))
    let fault = try fault(source)
    #expect(fault.code == .unrecognisedFamily)
    #expect(fault.place.tensor?.hasSuffix("relative_position_bias_table") == true)
  }

  @Test("a record's blocks beyond its depth are strangers")
  func beyondDepth() throws {
    let parameters = JSONValue.object([.init("depth", 1)])
    let model = try FamilyCatalogue.builtIn()
      .recognise(ShapesOnly.beit().recording(("parameters", parameters)))
    #expect(model.unclaimed.count == 16)
    #expect(model.unclaimed.allSatisfy { $0.name.hasPrefix("blocks.1.") })
  }

  private static let wrongMembers: [(String, JSONValue)] = [
    ("formatVersion", 2), ("formatVersion", "1"), ("target", 1), ("target", "no-such-family"),
    ("target", "upernet"), ("target", .null), ("parameters", .array([])),
    ("parameters", .object([.init("depth", "2")])), ("parameters", .object([.init("depth", 0)])),
    ("parameters", .object([.init("depth", -1)])), ("parameters", .object([.init("depth", 1.5)])),
    ("parameters", .object([.init("depth", .integer(.max))])),
    ("parameters", .object([.init("depth", 1e300)])),
    ("targetOptions", .object([.init("version", 1)])), ("targetOptions", .array([])),
    ("decoderLayers", "0,1"),
    ("decoderLayers", .integers([-1])), ("decoderLayers", .integers([.max])),
    ("options", .object([.init("dtype", 1)])), ("sourceSHA256", 3), ("unknown", 1),
  ]

  @Test("a record of wrong types or numbers is bad data", arguments: wrongMembers)
  func wrongRecord(name: String, value: JSONValue) throws {
    let fault = try fault(ShapesOnly.beit().recording((name, value)))
    #expect(fault.code == .invalidDocument)
    #expect(fault.place.file == "shapes")
    #expect(fault.place.pointer?.hasPrefix("/__metadata__/inflate-ckpt") == true)
  }

  @Test("a record that is no JSON is bad data", arguments: ["", "{", "[]", "null", "{}", "{\"a\""])
  func malformedRecord(text: String) throws {
    var source = ShapesOnly.beit()
    source.metadata = [ConversionRecord.metadataKey: text]
    let fault = try fault(source)
    #expect(fault.code.exitStatus == .invalidData)
    #expect(fault.place.file == "shapes")
  }
}

extension ShapesOnly {
  /// The 3D model of the sample, five slices deep.
  static func volume() -> ShapesOnly {
    beit(prefix: "encoder.").adding(["encoder.patch_embed.proj.weight": [8, 1, 5, 4, 4]])
  }
}
