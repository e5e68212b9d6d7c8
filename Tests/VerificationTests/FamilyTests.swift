import Architectures
import Diagnostics
import Inflation
import Tensors
import Testing

@testable import Verification

@Suite("Other families than BEiT")
struct FamilyTests {
  @Test("are verified tensor by tensor and layer by layer", arguments: FamilySample.all)
  func sound(sample: FamilySample) throws {
    for strategy in DepthStrategy.published {
      let report = try sample.verify(sample.models(strategy))
      #expect(report.passes, "\(report.shortfalls) \(report.faults)")
      #expect(report.familyID == sample.target)
      let forward = try report.check("depth-constant")
      guard !sample.agreement.isEmpty else {
        #expect(forward.verdict == .notApplicable)
        continue
      }
      #expect(forward.verdict == .pass)
      #expect(forward.detail.contains("up to \(sample.agreement)"), "\(forward.detail)")
      #expect(try report.check("centre-slice").verdict == .pass)
      let leans = strategy == .center && sample.hasEvenPatches
      #expect(try report.check("symmetry").verdict == (leans ? .notApplicable : .pass))
    }
  }

  @Test("say why they cannot agree further, and how far apart they are")
  func reasons() throws {
    let dropped = try FamilySample.maskedAutoencoder.verify(FamilySample.maskedAutoencoder.models())
    #expect(try dropped.check("depth-constant").detail.contains("(class-token)"))
    let bias = try FamilySample.beit.verify(FamilySample.beit.models())
    #expect(try bias.check("depth-constant").detail.contains("(relative-position-bias)"))
    #expect(try bias.check("depth-constant").detail.contains("blocks[2] is "))
    let waves = try FamilySample.volumeViT.verify(
      FamilySample.volumeViT.models { $0.positionDepth = .sinusoidal(1) })
    #expect(waves.passes, "\(waves.shortfalls)")
    #expect(try waves.check("depth-constant").detail.contains("position_embeddings"))
    #expect(try waves.check("symmetry").verdict == .notApplicable)
  }

  @Test("whose slices run along another axis are verified along it", arguments: [0, 1])
  func otherAxis(axis: Int) throws {
    var imageSize = [64, 64]
    imageSize.insert(32, at: axis)
    let sample = FamilySample(
      source: "ViT of images, MONAI", target: "monai-vit", imageSize: imageSize, heads: 3,
      agreement: "")
    var models = try sample.models { $0.depthAxis = axis }
    let report = try sample.verify(models)
    #expect(report.passes, "\(report.shortfalls) \(report.faults)")
    #expect(try report.check("symmetry").detail == "the slices run along axis \(axis)")
    try models.converted.edit("patch_embedding.patch_embeddings.weight") { values, _ in
      values = values.map { $0 * 2 }
    }
    #expect(try sample.verify(models).shortfalls.contains("identity.patch-embedding"))
  }

  @Test("on another grid are held against resized positions, and cannot be run side by side")
  func otherGrid() throws {
    let sample = FamilySample(
      source: "DINO, Meta", target: "transseg-dino", imageSize: [80, 80, 5], heads: 3,
      agreement: "")
    for isCompatible in [false, true] {
      var models = try sample.models { $0.isTransSegCompatible = isCompatible }
      for _ in 0..<2 {
        let report = try sample.verify(models)
        #expect(report.passes, "\(report.shortfalls) \(report.faults)")
        #expect(
          try report.check("identity.position-embedding").detail.contains("1 of them resized"))
        #expect(try report.check("depth-constant").verdict == .notApplicable)
        models.converted.metadata = [:]
      }
    }
  }

  @Test("of fewer blocks are held against the blocks that were kept")
  func keptBlocks() throws {
    let sample = FamilySample.volumeViT
    let models = try sample.models {
      $0.layers = [0, 2]
      $0.allowedLosses = ["left-out-layers"]
    }
    let report = try sample.verify(models)
    #expect(report.passes, "\(report.shortfalls) \(report.faults)")
    #expect(try report.check("depth-constant").detail.contains("(left-out-layers)"))
    var spoilt = models
    try spoilt.converted.swap("blocks.0.mlp.linear1.weight", "blocks.1.mlp.linear1.weight")
    #expect(try sample.verify(spoilt).shortfalls == ["identity.carried-over"])
  }

  @Test("that another source could not have made fall short or are told so")
  func otherSource() throws {
    let converted = try FamilySample.dino.models().converted
    let deeper = try FamilySample.swin.models().source
    let report = try Sample.verify(converted, against: deeper)
    #expect(!report.passes)
    var extra = try FamilySample.volumeViT.models()
    for name in extra.source.tensors.map(\.key.name) where name.hasPrefix("blocks.2.") {
      extra.source.remove(name)
    }
    let check = try FamilySample.volumeViT.verify(extra).check("identity.carried-over")
    #expect(check.verdict == .fallShort)
    #expect(check.tensor?.hasPrefix("blocks.2.") == true)
  }

  @Test("with words in their record that the converter does not write are bad data")
  func badRecord() throws {
    var models = try FamilySample.volumeViT.models()
    models.converted.metadata = models.converted.metadata.mapValues {
      $0.replacing("\"patch-embed\":\"average\"", with: "\"patch-embed\":\"avarage\"")
    }
    let report = try FamilySample.volumeViT.verify(models)
    #expect(report.faults.map(\.code) == [.invalidRecord])
  }
}

extension FamilySample {
  /// Whether a patch has no middle slice, so that `center` leans to one end.
  fileprivate var hasEvenPatches: Bool { target != "transseg-swin" && target != "transseg-dino" }
}
