import Architectures
import BuiltInSchemas
import Checkpoints
import Documents
import Foundation
import SchemaSupport
import Tensors
import Testing

@testable import Inflation

/// Plans and reports against their schemas, both ways: what the code writes is valid, and what the
/// schemas describe is written.
@Suite("Plans and reports as documents")
struct DocumentTests {
  private func schemaValue(_ name: String) throws -> JSONValue {
    try JSONValue(parsing: #require(BuiltInSchemas.text(of: name)))
  }

  /// Enough of them that every member is in one.
  private func plans() throws -> [Plan] {
    let lossy = try ConversionOptions.small {
      $0.imageSize = [16, 16, 8]
      $0.targetOptions = ["qkv_bias": "false"]
      $0.allowedLosses = ["query-bias", "activation"]
    }
    let beit = try MemorySource.beit().adding(["head.weight": [10, 8]])
    return [
      try Golden.plan(beit, .small()).plan,
      try Golden.plan(beit, .small(grid: 6) { $0.storedDType = .all(.f16) }).plan,
      try Golden.plan(
        openCheckpoint(at: Golden.path("beit/source.safetensors")), Golden.options(.center)
      ).plan,
      try Golden.plan(MemorySource.vit(layerScale: true), lossy, to: "monai-vit", heads: 2).plan,
      try Golden.plan(MergingTests.source(), MergingTests.options("merging"), to: "monai-swinunetr")
        .plan,
    ]
  }

  /// Of a conversion that is carried out.
  private func report() throws -> ConversionReport {
    let source = try openCheckpoint(at: Golden.path("beit/source.safetensors"))
    let (plan, decoderFile) = try Golden.plan(source, Golden.options(.average))
    let conversion = Conversion(plan: plan, source: source, decoderFile: decoderFile)
    let output = NSTemporaryDirectory() + "inflation-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: output) }
    let record = try conversion.record()
    try conversion.write(to: CheckpointOutput(path: output, replacing: false), record: record)
    return try ConversionReport(of: conversion, sourceName: "a", record: record, output: output)
  }

  @Test("are valid")
  func valid() throws {
    let schema = try Schema(parsing: #require(BuiltInSchemas.text(of: "plan")))
    for plan in try plans() {
      let found = try schema.violations(
        of: JSONValue(parsing: plan.document(sourceName: "a").text()))
      #expect(found.isEmpty, "\(found)")
    }
    let reportSchema = try Schema(parsing: #require(BuiltInSchemas.text(of: "conversion-report")))
    let found = try reportSchema.violations(of: JSONValue(parsing: report().document.text()))
    #expect(found.isEmpty, "\(found)")
  }

  @Test("have the schemas' actions, degrees of exactness and rules, and no others")
  func enumerations() throws {
    for name in ["plan", "conversion-report"] {
      let definitions = try #require(schemaValue(name)["$defs"])
      let values = { (definition: String, member: String) -> [String] in
        let list = definitions[definition]?["properties"]?[member]?["enum"]
        guard case .array(let values)? = list else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
      }
      #expect(values("tensor", "action") == Action.allCases.map(\.rawValue))
      #expect(values("tensor", "exactness") == Exactness.allCases.map(\.rawValue))
      #expect(values("dropped", "rule") == DropRule.all.map(\.id))
      #expect(values("deviation", "rule") == DropRule.all.map(\.id))
    }
  }

  private func names(of value: JSONValue?) -> Set<String> {
    guard case .object(let members)? = value else { return [] }
    return Set(members.map(\.name))
  }

  private func elements(_ value: JSONValue?) -> [JSONValue] {
    if case .array(let elements)? = value { elements } else { [] }
  }

  @Test("write every member that the schemas describe")
  func everyMember() throws {
    let plans = try plans().map { $0.document(sourceName: "a") }
    let report = try report().document
    for (name, documents) in [("plan", plans), ("conversion-report", plans + [report])] {
      let schema = try schemaValue(name)
      let described = { (value: JSONValue?) in self.names(of: value?["properties"]) }
      let written = { (values: [JSONValue?]) in
        values.reduce(into: Set()) { $0.formUnion(self.names(of: $1)) }
      }
      #expect(described(schema) == written(documents))
      for part in ["source", "target"] {
        #expect(described(schema["properties"]?[part]) == written(documents.map { $0[part] }))
      }
      let tensors = documents.flatMap { elements($0["tensors"]) }
      #expect(described(schema["$defs"]?["tensor"]) == written(tensors))
      let dropped = documents.flatMap { elements($0["dropped"]) }
      #expect(described(schema["$defs"]?["dropped"]) == written(dropped))
    }
    #expect(names(of: report["output"]) == ["file", "bytes", "sha256"])
  }

  @Test("are invalid without a member that is required, or with one that is not described")
  func negativeControl() throws {
    let schema = try Schema(parsing: #require(BuiltInSchemas.text(of: "conversion-report")))
    let text = try report().document.text()
    let changes = [
      (#""formatVersion": 2"#, #""formatVersion": 1"#), (#""verdict""#, #""Verdict""#),
      (#""action": "inflate""#, #""action": "blow-up""#), (#""steps""#, #""detail""#),
      (#""exactness": "exact""#, #""exactness": "about""#), (#""before""#, #""norm""#),
      (#""after": "#, #""after": -"#), (#""deviations""#, #""differences""#),
      (#""rule": ""#, #""rule": "un"#), (#""sha256": ""#, #""sha256": "g"#),
      (#""consequence""#, #""because""#), (#""norms""#, #""Norms""#),
    ]
    for (old, new) in changes {
      let changed = text.replacing(old, with: new, maxReplacements: 1)
      #expect(changed != text, "\(old)")
      #expect(try !schema.violations(of: JSONValue(parsing: changed)).isEmpty, "\(new)")
    }
  }

  @Test("tell the norms of what goes in and of what comes out")
  func norms() throws {
    let source = try SafetensorsCheckpoint(path: Golden.path("beit/source.safetensors"))
    let report = try report()
    let norm = { (name: String) in
      try source.floats(of: SourceKey(name)).values.reduce(0.0) { $0 + Double($1) * Double($1) }
        .squareRoot()
    }
    for tensor in report.plan.tensors {
      let norms = try #require(report.norms[tensor.key])
      #expect(norms.before.count == tensor.inputs.count)
      if tensor.action == .copy { #expect(norms.before == [norms.after]) }
      #expect((norms.after == nil) == !tensor.dtype.isFloatingPoint)
    }
    let bias = try #require(report.norms[TargetKey("encoder.blocks.1.mlp.fc1.bias")])
    #expect(abs(try #require(bias.after) - (try norm("blocks.1.mlp.fc1.bias"))) < 1e-12)
    let kernel = try #require(report.norms[TargetKey("encoder.patch_embed.proj.weight")])
    #expect(kernel.before.count == 1)
    #expect(try #require(kernel.after) < (try #require(kernel.before[0])))
    let adopted = try #require(report.norms[TargetKey("decoder.conv_seg.weight")])
    #expect(adopted.before == [adopted.after])
  }

  @Test("name every tensor that is dropped, by which rule and at what cost")
  func dropped() throws {
    let source = try MemorySource.beit().adding(["head.weight": [10, 8], "mask_token": [1, 1, 8]])
    let document = try Golden.plan(source, .small()).plan.document(sourceName: "a")
    let dropped = elements(document["dropped"])
    #expect(dropped.map { $0["name"] } == ["head.weight", "mask_token"])
    #expect(dropped.map { $0["rule"] } == ["classification-head", "mask-token"])
    for entry in dropped {
      guard case .string(let consequence)? = entry["consequence"] else {
        Issue.record("no consequence")
        continue
      }
      #expect(consequence.count > 10)
    }
  }
}
