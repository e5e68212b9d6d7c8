import Architectures
import Diagnostics
import Inflation
import Segmenter
import Tensors
import Testing
import Volumes

@testable import Verification

@Suite("Labelled volumes")
struct SegmentationCheckTests {
  private func volume() throws -> Volume {
    try Volume(contentsOf: Sample.path("volumes/float32-little.nii"))
  }

  private func window(_ volume: Volume) throws -> IntensityWindow {
    try IntensityWindow(low: volume.values.min() ?? 0, high: volume.values.max() ?? 1)
  }

  private func prediction(_ checkpoint: EditedSource) throws -> LabelVolume {
    let model = try FamilyCatalogue.builtIn().recognise(checkpoint)
    let volume = try volume()
    return try VolumeSegmenter(
      model: SegmentationModel(model: model, source: checkpoint), intensities: window(volume)
    ).segment(volume)
  }

  private func verify(
    _ checkpoint: EditedSource, labels: LabelVolume, minimum: Double?
  ) throws -> VerificationReport {
    let volume = try volume()
    let reference = ReferenceVolume(
      name: "scan", volume: volume, labels: labels, intensities: try window(volume),
      minimumDice: minimum)
    return try Sample.verify(checkpoint, reference: reference)
  }

  @Test("a centred conversion segments exactly as its 2D model")
  func sameAsFlat() throws {
    let source = try Sample.source()
    let labels = try prediction(source)
    #expect(labels.largestLabel > 0)
    let converted = try Sample.converted(source, Sample.options(.center))
    for checkpoint in [source, converted] {
      let report = try verify(checkpoint, labels: labels, minimum: 1)
      #expect(report.passes)
      let check = try report.check("segmentation")
      #expect(check.figure == 1)
      #expect(check.bound == .atLeast(1))
      #expect(report.segmentation?.meanForegroundDice == 1)
      #expect(report.segmentation?.dice.count == 5)
    }
  }

  @Test("labels of other classes fall short of the least Dice, or are only reported without one")
  func wrongLabels() throws {
    let source = try Sample.source()
    let right = try prediction(source)
    let wrong = try LabelVolume(
      geometry: right.geometry, labels: right.labels.map { ($0 + 1) % 5 })
    let report = try verify(source, labels: wrong, minimum: 0.5)
    #expect(report.shortfalls == ["segmentation"])
    #expect(try #require(report.check("segmentation").figure) < 0.5)
    #expect(try verify(source, labels: wrong, minimum: nil).passes)
  }

  @Test("labels that the model does not know, or of another size, are bad data")
  func badLabels() throws {
    let source = try Sample.source()
    let right = try prediction(source)
    let unknown = try LabelVolume(
      geometry: right.geometry, labels: right.labels.map { _ in 5 })
    let fault = try #require(throws: Fault.self) {
      try verify(source, labels: unknown, minimum: nil)
    }
    #expect(fault.code.exitStatus == .invalidData)
  }

  @Test("a model without decoder cannot segment, and is told so")
  func noDecoder() throws {
    let converted = try Sample.converted(
      Sample.source(), Sample.options(.center) { $0.includesDecoder = false })
    let labels = try prediction(Sample.source())
    let fault = try #require(throws: Fault.self) {
      try verify(converted, labels: labels, minimum: nil)
    }
    #expect(fault.code == .invalidData)
    #expect(fault.reason.contains("no decoder"))
  }
}
