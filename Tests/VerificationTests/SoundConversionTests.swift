import Architectures
import Checkpoints
import Diagnostics
import Inflation
import Tensors
import Testing

@testable import Verification

/// What is right must not be accused.
@Suite("Sound conversions")
struct SoundConversionTests {
  private static let all = [
    "structure", "finite", "statistics", "derived", "identity.patch-embedding",
    "identity.relative-position-bias", "identity.carried-over", "depth-constant", "centre-slice",
    "symmetry",
  ]

  @Test(
    "pass every check, on the source's grid and on another",
    arguments: DepthStrategy.published, [("beit", 4), ("beit", 6), ("beit_shared", 4)])
  func sound(strategy: DepthStrategy, model: (folder: String, grid: Int)) throws {
    let source = try Sample.source(model.folder)
    let converted = try Sample.conversion(strategy, grid: model.grid, of: model.folder)
    let report = try Sample.verify(converted, against: source)
    #expect(report.passes, "\(report.shortfalls)")
    #expect(report.familyID == "transseg-beit")
    #expect(report.checks.map(\.id) == Self.all)
    let forward = try report.check("depth-constant")
    #expect(forward.verdict == (model.grid == 4 ? .pass : .notApplicable))
    if model.grid == 4 {
      #expect(forward.detail.hasSuffix("up to logits"))
      #expect(try #require(forward.figure) <= 1e-4)
    }
    if model.grid == 4, strategy == .center { #expect(forward.figure == 0) }
  }

  @Test(
    "pass in every element type, resized", arguments: [DType.f16, .bf16], DepthStrategy.published)
  func narrow(dtype: DType, strategy: DepthStrategy) throws {
    let source = try Sample.source()
    let options = try Sample.options(strategy, grid: 6) { $0.storedDType = .all(dtype) }
    let report = try Sample.verify(Sample.converted(source, options), against: source)
    #expect(report.passes, "\(report.checks.filter { $0.verdict == .fallShort })")
  }

  @Test(
    "pass with every way to join channels",
    arguments: [
      (ChannelStrategy.sum, 3), (.mean, 2), (.cycle, 2), (.cycle, 3), (.select(1), 1),
      (.list([2, nil]), 2),
    ])
  func channels(strategy: ChannelStrategy, count: Int) throws {
    let source = try Sample.source()
    let options = try Sample.options(.average) {
      $0.channels = strategy
      $0.inputChannels = count
    }
    let report = try Sample.verify(Sample.converted(source, options), against: source)
    #expect(report.passes, "\(report.checks.filter { $0.verdict == .fallShort })")
  }

  @Test("pass without a decoder, on either side or both")
  func decoders() throws {
    let whole = try Sample.source()
    let encoder = try Sample.golden("beit/source.safetensors")
    let without = try Sample.options(.average) { $0.includesDecoder = false }
    let seeded = try Sample.options(.average) { $0.outputChannels = 3 }
    for (source, options) in [
      (whole as any TensorSource, without), (encoder, without), (encoder, seeded),
    ] {
      let report = try Sample.verify(Sample.converted(source, options), against: source)
      #expect(report.passes)
      #expect(try report.check("depth-constant").detail.hasSuffix("up to blocks[3]"))
    }
  }

  @Test("with other classes are compared up to the classifier")
  func otherClasses() throws {
    let source = try Sample.source()
    let converted = try Sample.converted(
      source, Sample.options(.center) { $0.outputChannels = 9 })
    let report = try Sample.verify(converted, against: source)
    #expect(report.passes)
    #expect(try report.check("depth-constant").detail.hasSuffix("up to decoder.fusion"))
  }

  @Test("fed from other blocks are held against a 2D model fed from the same")
  func otherLayers() throws {
    let source = try Sample.source()
    let converted = try Sample.converted(
      source, Sample.options(.center) { $0.layers = [0, 0, 1, 2] },
      hints: RecognitionHints(decoderLayers: [0, 0, 1, 2]))
    let report = try Sample.verify(converted, against: source)
    #expect(report.passes)
    #expect(try report.check("depth-constant").figure == 0)
  }

  @Test("pass when their record is gone")
  func noRecord() throws {
    let source = try Sample.source()
    for strategy in [DepthStrategy.average, .center] {
      var converted = try Sample.conversion(strategy)
      converted.metadata = [:]
      #expect(try Sample.verify(converted, against: source).passes)
    }
  }

  @Test("pass without a source, by what can be asked of them alone")
  func alone() throws {
    let converted = try Sample.conversion(.average)
    let report = try Sample.verify(converted)
    #expect(report.passes)
    #expect(
      report.checks.map(\.id) == ["structure", "finite", "statistics", "derived", "depth-constant"])
    #expect(try report.check("depth-constant").verdict == .notApplicable)
  }

  @Test("of layer scales that the source lacks pass")
  func neutral() throws {
    var source = try Sample.source()
    for name in ["blocks.0.gamma_1", "blocks.2.gamma_2", "blocks.1.gamma_1"] {
      source.remove(name)
    }
    let report = try Sample.verify(
      Sample.converted(source, Sample.options(.average)), against: source)
    #expect(report.passes, "\(report.shortfalls)")
  }

  @Test("of 2D models need no more than structure and numbers")
  func flat() throws {
    let source = try Sample.source()
    let report = try Sample.verify(source)
    #expect(report.passes)
    #expect(report.familyID == "beit")
    #expect(report.checks.map(\.id) == ["structure", "finite", "statistics"])
  }

  @Test("a 3D model is no source")
  func deepSource() throws {
    let converted = try Sample.conversion(.average)
    let report = try Sample.verify(converted, against: converted)
    #expect(report.verdict == .fault)
    #expect(report.faults.map(\.code) == [.usage])
  }
}
