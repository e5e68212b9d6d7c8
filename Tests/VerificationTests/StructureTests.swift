import Architectures
import Checkpoints
import Diagnostics
import Foundation
import Inflation
import Tensors
import Testing

@testable import Verification

@Suite("Structure")
struct StructureTests {
  /// Damages a conversion and expects the structure to fall short over the tensor.
  private func expectShortfall(
    over tensor: String, keepingRecord: Bool = true, location: SourceLocation = #_sourceLocation,
    _ damage: (inout EditedSource) throws -> Void
  ) throws {
    var converted = try Sample.conversion(.center, grid: 6)
    if !keepingRecord { converted.metadata = [:] }
    try damage(&converted)
    let check = try Sample.verify(converted).check("structure")
    #expect(check.verdict == .fallShort, sourceLocation: location)
    #expect(check.tensor == tensor, "\(check.detail)", sourceLocation: location)
  }

  @Test(
    "a missing tensor",
    arguments: [
      "encoder.blocks.1.norm1.weight", "encoder.cls_token", "encoder.blocks.3.gamma_2",
      "decoder.conv_seg.bias", "encoder.patch_embed.proj.weight",
    ], [true, false])
  func missing(name: String, keepingRecord: Bool) throws {
    try expectShortfall(over: name, keepingRecord: keepingRecord) { $0.remove(name) }
  }

  @Test(
    "an extra tensor",
    arguments: [
      "encoder.blocks.1.norm3.weight", "encoder.blocks.4.norm1.weight", "extra",
      "decoder.lateral_convs.3.conv.weight", "encoder.blocks.01.norm1.weight",
    ])
  func extra(name: String) throws {
    try expectShortfall(over: name) { try $0.replace(name, [32], Array(repeating: 1, count: 32)) }
  }

  @Test(
    "a wrong shape",
    arguments: [
      ("encoder.blocks.1.norm1.weight", [33]), ("encoder.blocks.1.norm1.weight", [32, 1]),
      ("encoder.cls_token", [1, 1, 31]), ("decoder.conv_seg.weight", [5, 128, 3, 3]),
      ("encoder.blocks.0.attn.relative_position_bias_table", [52, 2]),
      ("encoder.patch_embed.proj.weight", [32, 3, 16, 16]), ("encoder.blocks.2.gamma_1", [0]),
    ])
  func wrongShape(name: String, shape: [Int]) throws {
    try expectShortfall(over: name) {
      try $0.replace(name, shape, Array(repeating: 1, count: shape.reduce(1, *)))
    }
  }

  @Test("weights stored as integers, row numbers as fractions")
  func wrongTypes() throws {
    for name in ["encoder.blocks.1.norm1.weight", "encoder.patch_embed.proj.weight"] {
      try expectShortfall(over: name) { converted in
        let shape = try converted.requiredDescription(of: SourceKey(name)).shape
        try converted.replace(
          name, shape.extents, integers: Array(repeating: 1, count: shape.elementCount))
      }
    }
    let name = "encoder.blocks.1.attn.relative_position_index"
    try expectShortfall(over: name) {
      try $0.replace(name, [37, 37], Array(repeating: 1, count: 37 * 37))
    }
  }

  @Test("a shallower model than its source")
  func shallow() throws {
    let source = try Sample.source()
    var converted = try Sample.converted(
      source, Sample.options(.average) { $0.includesDecoder = false })
    converted.metadata = [:]
    converted.removeAll { $0.hasPrefix("encoder.blocks.3.") }
    let report = try Sample.verify(converted, against: source)
    let check = try report.check("identity.carried-over")
    #expect(check.verdict == .fallShort)
    #expect(check.tensor?.hasPrefix("blocks.3.") == true)
  }

  @Test("nothing known at all")
  func unknown() throws {
    var strange = try EditedSource([])
    try strange.replace("what", [1], [1])
    let report = try Sample.verify(strange)
    #expect(report.shortfalls == ["structure"])
    #expect(report.familyID == nil)
  }

  @Test("a record that makes no sense is bad data")
  func badRecord() throws {
    var converted = try Sample.conversion(.center)
    converted.metadata = [ConversionRecord.metadataKey: "{}"]
    let fault = try #require(try Sample.verify(converted).faults.first)
    #expect(fault.code.exitStatus == .invalidData)
  }

  @Test(
    "a file cut off anywhere is bad data, and the tensor is named", arguments: [0.3, 0.6, 0.999])
  func truncated(part: Double) throws {
    let whole = try Data(
      contentsOf: URL(filePath: Sample.path("transseg/beit/target_centering.safetensors")))
    let path = NSTemporaryDirectory() + "verification-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try whole.prefix(Int(Double(whole.count) * part)).write(to: URL(filePath: path))
    let fault = try #require(throws: Fault.self) { try openCheckpoint(at: path) }
    #expect(fault.code.exitStatus == .invalidData)
    #expect(fault.place.tensor?.hasPrefix("encoder.") == true)
  }
}
