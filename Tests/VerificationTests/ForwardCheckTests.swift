import Checkpoints
import Foundation
import Inflation
import Segmenter
import Tensors
import Testing
import Volumes

@testable import Verification

@Suite("Forward passes on different slices")
struct ForwardCheckTests {
  private static let kernel = "encoder.patch_embed.proj.weight"

  private func report(
    _ strategy: DepthStrategy, _ damage: (inout EditedSource) throws -> Void = { _ in }
  ) throws -> VerificationReport {
    let source = try Sample.source()
    var converted = try Sample.conversion(strategy)
    try damage(&converted)
    return try Sample.verify(converted, against: source)
  }

  @Test(
    "a window gives what the 2D model gives on the slices' weighted sum",
    arguments: [
      DepthStrategy.average, .center, .first, .last, .gaussian(1.5), .linear, .trilinear,
    ])
  func weightedSum(strategy: DepthStrategy) throws {
    let check = try report(strategy).check("centre-slice")
    #expect(check.verdict == .pass, "\(check.detail)")
    #expect(check.detail.hasSuffix("up to logits"))
    if strategy == .center { #expect(check.figure == 0) }
  }

  @Test("the kernel at a neighbouring slice is noticed, though its slices still add up")
  func neighbour() throws {
    let moved = try report(.center) { converted in
      try converted.edit(Self.kernel) { values, shape in
        let (depth, area) = (shape[2], shape[3] * shape[4])
        for plane in 0..<shape[0] * shape[1] {
          for index in 0..<area {
            values.swapAt((plane * depth + 2) * area + index, (plane * depth + 1) * area + index)
          }
        }
      }
    }
    #expect(try moved.check("depth-constant").verdict == .pass)
    let check = try moved.check("centre-slice")
    #expect(check.verdict == .fallShort)
    #expect(check.detail.hasPrefix("patchEmbedding is the first"))
    #expect(try moved.check("symmetry").verdict == .fallShort)
  }

  @Test("turning the depth around changes nothing where both ends are treated alike")
  func symmetry() throws {
    for strategy in [DepthStrategy.average, .center, .gaussian(1), .linear] {
      let check = try report(strategy).check("symmetry")
      #expect(check.verdict == .pass, "\(strategy): \(check.detail)")
    }
    for strategy in [DepthStrategy.first, .last] {
      #expect(try report(strategy).check("symmetry").verdict == .notApplicable)
    }
  }

  @Test("a kernel that leans to one end is noticed, though its slices still add up")
  func leaning() throws {
    let leaning = try report(.average) { converted in
      try converted.edit(Self.kernel) { values, shape in
        let (depth, area) = (shape[2], shape[3] * shape[4])
        for plane in 0..<shape[0] * shape[1] {
          for index in 0..<area {
            let step = values[plane * depth * area + index] * 0.2
            values[plane * depth * area + index] += step
            values[(plane * depth + depth - 1) * area + index] -= step
          }
        }
      }
    }
    #expect(try leaning.check("depth-constant").verdict == .pass)
    #expect(try leaning.check("symmetry").verdict == .fallShort)
    #expect(try leaning.check("centre-slice").verdict == .fallShort)
  }

  @Test("without a record of the strategy neither applies")
  func noRecord() throws {
    let plain = try report(.center) { $0.metadata = [:] }
    for id in ["centre-slice", "symmetry"] {
      #expect(try plain.check(id).verdict == .notApplicable)
    }
  }

  @Test("a scan's own middle window is used where there is one")
  func scan() throws {
    let source = try Sample.source()
    let converted = try Sample.conversion(.center)
    let scan = try VolumeSegmenterTests.scan(9, 8, 7)
    let labels = try LabelVolume(
      geometry: scan.geometry, labels: scan.values.map { $0 > 0.5 ? 1 : 0 })
    let reference = ReferenceVolume(
      name: "scan", channels: [scan], labels: labels, preparation: VolumePreparation())
    let report = try Sample.verify(converted, against: source, references: [reference])
    #expect(try report.check("centre-slice").figure == 0)
  }

  @Test("the layers that were compared are in the report, in the order of computation")
  func layers() throws {
    let report = try report(.average)
    #expect(report.layers.first?.layer == "patchEmbedding")
    #expect(report.layers.last?.layer == "logits")
    #expect(report.layers.count > 5)
    #expect(report.layers.allSatisfy { $0.distance <= 1e-4 })
  }
}

@Suite("Recording runs")
struct FixtureRecorderTests {
  private func withRecording(
    of converted: EditedSource, _ body: (_ path: String) throws -> Void
  ) throws {
    let path = NSTemporaryDirectory() + "recording-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let model = try Sample.model(converted)
    let count = try FixtureRecorder(model: model).record(
      scan: nil, preparation: VolumePreparation(),
      to: CheckpointOutput(path: path, replacing: false))
    #expect(count == 5)
    try body(path)
  }

  @Test("a recorded run is repeated to the last bit")
  func repeated() throws {
    let converted = try Sample.conversion(.average)
    try withRecording(of: converted) { path in
      let check = try Sample.verify(converted, fixtures: [path]).check("fixture")
      #expect(check.verdict == .pass)
      #expect(check.figure == 0)
      #expect(check.detail.contains("5 outputs compared"))
      let recording = try openCheckpoint(at: path)
      #expect(
        recording.tensors.map(\.key.name) == [
          "feature.0", "feature.1", "feature.2", "feature.3", "input", "logits",
        ])
      #expect(
        recording.description(of: SourceKey("input"))?.shape.extents.suffix(3) == [64, 64, 5])
    }
  }

  @Test("maps are recorded with their depth last, as they are read")
  func maps() throws {
    let map = try FloatTensor(shape: Shape([2, 3, 4, 5]), values: (0..<120).map(Float.init))
    let recorded = try FixtureRecorder.batched(map)
    #expect(recorded.shape.extents == [1, 2, 4, 5, 3])
    #expect(recorded.values[1] == 20, "the next slice comes before the next column")
    #expect(try FixtureCheck.depthBeforePlane(recorded) == map)
  }

  @Test("and by no other model")
  func otherModel() throws {
    let converted = try Sample.conversion(.average)
    try withRecording(of: converted) { path in
      var spoilt = converted
      try spoilt.edit("encoder.blocks.2.attn.proj.weight") { values, _ in values[0] += 0.5 }
      let check = try Sample.verify(spoilt, fixtures: [path]).check("fixture")
      #expect(check.verdict == .fallShort)
    }
  }
}
