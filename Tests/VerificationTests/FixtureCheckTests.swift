import Architectures
import Checkpoints
import Diagnostics
import Foundation
import Inflation
import Tensors
import Testing

@testable import Verification

@Suite("Recorded runs")
struct FixtureCheckTests {
  /// The paper's own state dict with its decoder.
  private func checkpoint(_ name: String) throws -> EditedSource {
    try EditedSource([
      Sample.golden("beit/target_\(name).safetensors"), Sample.golden("beit/decoder.safetensors"),
    ])
  }

  private func fixture(_ name: String) throws -> EditedSource {
    try EditedSource([openCheckpoint(at: Sample.path("verification/\(name).safetensors"))])
  }

  private func verify(_ checkpoint: EditedSource, _ fixture: EditedSource) throws -> Check {
    try report(checkpoint, fixture).check("fixture")
  }

  /// Verifies with a changed fixture, written where a file is needed.
  private func report(
    _ checkpoint: EditedSource, _ fixture: EditedSource
  ) throws -> VerificationReport {
    let path = NSTemporaryDirectory() + "verification-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var writer = try SafetensorsWriter(
      destination: path,
      entries: fixture.tensors.map {
        try .init(TargetKey($0.key.name), dtype: $0.dtype, shape: $0.shape)
      }, metadata: [:], replacing: false)
    for entry in writer.order {
      try fixture.withBytes(of: SourceKey(entry.key.name)) { try writer.write($0) }
    }
    try writer.commit()
    return try Sample.verify(checkpoint, fixtures: [path])
  }

  @Test("of the paper's own modules are repeated", arguments: ["inflation", "centering"])
  func repeated(name: String) throws {
    let path = Sample.path("verification/\(name).safetensors")
    let check = try Sample.verify(checkpoint(name), fixtures: [path]).check("fixture")
    #expect(check.verdict == .pass)
    #expect(check.detail.contains("5 outputs compared"))
  }

  @Test("are repeated by a conversion of our own", arguments: DepthStrategy.published)
  func ownConversion(strategy: DepthStrategy) throws {
    let converted = try Sample.conversion(strategy, grid: 6)
    let name = strategy == .average ? "inflation" : "centering"
    let path = Sample.path("verification/\(name).safetensors")
    #expect(try Sample.verify(converted, fixtures: [path]).passes)
  }

  @Test("of the other strategy are missed")
  func otherStrategy() throws {
    let path = Sample.path("verification/centering.safetensors")
    let check = try Sample.verify(checkpoint("inflation"), fixtures: [path]).check("fixture")
    #expect(check.verdict == .fallShort)
  }

  @Test("are missed when an output is off", arguments: ["logits", "feature.2"])
  func perturbed(name: String) throws {
    var fixture = try fixture("inflation")
    try fixture.edit(name) { values, _ in
      values[17] += 3e-4 * (values.map(abs).max() ?? 0)
    }
    let check = try verify(checkpoint("inflation"), fixture)
    #expect(check.verdict == .fallShort)
    #expect(check.tensor == name)
  }

  @Test("are missed when the checkpoint is off")
  func wrongCheckpoint() throws {
    var checkpoint = try checkpoint("inflation")
    try checkpoint.edit("encoder.blocks.0.attn.relative_position_bias_table") { values, _ in
      values.reverse()
    }
    let check = try verify(checkpoint, fixture("inflation"))
    #expect(check.verdict == .fallShort)
  }

  @Test("are missed when they hold NaN")
  func notANumber() throws {
    var fixture = try fixture("inflation")
    try fixture.edit("logits") { values, _ in values[0] = .nan }
    #expect(try verify(checkpoint("inflation"), fixture).verdict == .fallShort)
  }

  private func fault(_ change: (inout EditedSource) throws -> Void) throws -> Fault {
    var fixture = try fixture("inflation")
    try change(&fixture)
    let changed = fixture
    return try #require(try report(checkpoint("inflation"), changed).faults.first)
  }

  @Test("that are incomplete or misspelt are bad data, and the tensor is named")
  func malformed() throws {
    let zeros = [Float](repeating: 0, count: 36 * 32)
    let faults = [
      ("logits", try fault { $0.remove("logits") }),
      ("input", try fault { $0.remove("input") }),
      ("features.0", try fault { try $0.replace("features.0", [1, 36, 32], zeros) }),
      ("feature.4", try fault { try $0.replace("feature.4", [1, 36, 32], zeros) }),
      ("feature.00", try fault { try $0.replace("feature.00", [1, 36, 32], zeros) }),
      ("feature.-1", try fault { try $0.replace("feature.-1", [1, 36, 32], zeros) }),
      ("feature.1", try fault { try $0.replace("feature.1", [36, 32], zeros) }),
      ("input", try fault { try $0.replace("input", [1, 1, 2, 2, 5], zeros.suffix(20)) }),
      ("input", try fault { try $0.replace("input", [2, 2], zeros.suffix(4)) }),
      ("input", try fault { try $0.edit("input") { values, _ in values[0] = .nan } }),
    ]
    for (tensor, fault) in faults {
      #expect(fault.code.exitStatus == .invalidData, "\(fault)")
      #expect(fault.place.tensor == tensor, "\(fault)")
      #expect(fault.place.file != nil, "\(fault)")
    }
  }
}
