import Diagnostics
import Tensors
import Testing

@testable import Architectures

@Suite("Recognising a family")
struct RecognitionTests {
  private func recognise(
    _ source: ShapesOnly, hints: RecognitionHints = RecognitionHints()
  ) throws -> RecognisedModel {
    try FamilyCatalogue.builtIn().recognise(source, hints: hints)
  }

  private func fault(
    _ source: ShapesOnly, hints: RecognitionHints = RecognitionHints()
  ) throws -> Fault {
    try #require(throws: Fault.self) { try recognise(source, hints: hints) }
  }

  @Test(
    "finds the hyper-parameters behind every prefix",
    arguments: ["", "encoder.", "backbone.", "module."])
  func prefixes(prefix: String) throws {
    let model = try recognise(.beit(prefix: prefix))
    #expect(model.family.id == "beit")
    #expect(model.prefix == prefix)
    #expect(
      model.parameters == [
        "hidden": 8, "channels": 3, "patchHeight": 4, "patchWidth": 4, "gridHeight": 3,
        "gridWidth": 3, "heads": 2, "mlp": 16, "depth": 2,
      ])
    #expect(try model.imageSize() == [12, 12])
    #expect(model.key(of: "blocks[1].mlp.fc1.weight")?.name == "\(prefix)blocks.1.mlp.fc1.weight")
    #expect(model.unclaimed.isEmpty)
    #expect(!model.hasDecoder)
  }

  @Test("names the tensor that is not there, and says how many more")
  func missing() throws {
    let one = try fault(.beit().removing("blocks.1.mlp.fc2.bias"))
    #expect(one.code == .unrecognisedFamily)
    #expect(one.place.tensor == "blocks.1.mlp.fc2.bias")
    #expect(one.place.file == "shapes")
    let two = try fault(.beit().removing("blocks.1.mlp.fc2.bias", "blocks.0.norm1.weight"))
    #expect(two.place.tensor == "blocks.0.norm1.weight")
    #expect(two.reason.contains("and 1 more"))
  }

  @Test(
    "names the tensor whose shape contradicts the others",
    arguments: [
      ("blocks.1.norm1.bias", [9]), ("blocks.0.attn.qkv.weight", [25, 8]),
      ("blocks.0.mlp.fc1.weight", [16]), ("blocks.1.attn.relative_position_bias_table", [52, 2]),
      ("patch_embed.proj.weight", [8, 3, 4, 4, 4]),
    ])
  func contradiction(name: String, shape: [Int]) throws {
    let fault = try fault(.beit().adding([name: shape]))
    #expect(fault.code == .unrecognisedFamily)
    #expect(fault.place.tensor == name)
  }

  @Test("says so when nothing of the file is known")
  func nothingKnown() throws {
    let fault = try fault(ShapesOnly(shapes: ["what": [1], "is.this": [2, 2]]))
    #expect(fault.code == .unrecognisedFamily)
    #expect(fault.remedy?.contains("beit") == true)
    #expect(try self.fault(ShapesOnly(shapes: [:])).code == .unrecognisedFamily)
  }

  @Test("claims nothing that it cannot name, and drops by rule what has no place")
  func strangersAndDrops() throws {
    let model = try recognise(
      .beit().adding(["head.weight": [10, 8], "norm.bias": [8], "blocks.0.extra": [1], "x": [1]]))
    #expect(model.unclaimed.map(\.name) == ["blocks.0.extra", "x"])
    #expect(model.drops[SourceKey("head.weight")]?.id == "classification-head")
    #expect(model.drops[SourceKey("norm.bias")] == nil)
    #expect(model.key(of: "finalNorm.bias") == SourceKey("norm.bias"))
  }

  @Test("takes hints, which the shapes must not contradict")
  func hints() throws {
    let shared = RecognitionHints(
      familyID: "beit", parameters: ["heads": 2], decoderLayers: [0, 1])
    let model = try recognise(.beit(), hints: shared)
    #expect(model.decoderLayers == [0, 1])
    let wrong = try fault(.beit(), hints: RecognitionHints(parameters: ["heads": 4]))
    #expect(wrong.place.tensor == "blocks.0.attn.relative_position_bias_table")
    let family = try fault(.beit(), hints: RecognitionHints(familyID: "transseg-beit"))
    #expect(family.code == .unrecognisedFamily)
    for id in ["nonsense", "upernet"] {
      #expect(try fault(.beit(), hints: RecognitionHints(familyID: id)).code == .usage)
    }
  }

  @Test("does not choose between two families that both fit")
  func ambiguous() throws {
    let text = { (id: String) in
      """
      {"formatVersion": 2, "id": "\(id)", "title": "T", "dimensions": 2,
       "tensors": [{"name": "w", "role": "w", "shape": ["n"]}]}
      """
    }
    let catalogue = try FamilyCatalogue(["one", "two"].map { try Families.parsed(text($0)) })
    let fault = try #require(throws: Fault.self) {
      try catalogue.recognise(ShapesOnly(shapes: ["w": [3]]))
    }
    #expect(fault.code == .ambiguousFamily)
    #expect(fault.reason.contains("one, two"))
    let hints = RecognitionHints(familyID: "two")
    #expect(
      try catalogue.recognise(ShapesOnly(shapes: ["w": [3]]), hints: hints).family.id == "two")
  }

  @Test("tells names apart that Swift's strings take for one")
  func equivalentNames() throws {
    let model = try recognise(.beit().adding(["caf\u{E9}": [1]]))
    #expect(model.unclaimed == [SourceKey("caf\u{E9}")])
    #expect(model.unclaimed != [SourceKey("cafe\u{301}")])
  }
}
