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
      model: SegmentationModel(model: model, source: checkpoint),
      preparation: VolumePreparation(intensities: .window(window(volume)))
    ).labels(of: [volume])
  }

  private func verify(
    _ checkpoint: EditedSource, labels: LabelVolume, minimum: Double?
  ) throws -> VerificationReport {
    let volume = try volume()
    let reference = ReferenceVolume(
      name: "scan", channels: [volume], labels: labels,
      preparation: VolumePreparation(intensities: .window(try window(volume))))
    return try Sample.verify(
      checkpoint, references: [reference], bounds: SegmentationBounds(meanDice: minimum))
  }

  @Test("a centred conversion segments exactly as its 2D model")
  func sameAsFlat() throws {
    let source = try Sample.source()
    let labels = try prediction(source)
    #expect(labels.largestLabel > 0)
    let converted = try Sample.conversion(.center)
    for checkpoint in [source, converted] {
      let report = try verify(checkpoint, labels: labels, minimum: 1)
      #expect(report.passes)
      let check = try report.check("segmentation")
      #expect(check.figure == 1)
      #expect(check.bound == .atLeast(1))
      let scores = try #require(report.segmentations.first)
      #expect(scores.meanForegroundDice == 1)
      #expect(scores.classes.count == 5)
      #expect(scores.foregroundMean(\.hausdorff95) == 0)
      #expect(scores.foregroundMean(\.averageSurfaceDistance) == 0)
      #expect(report.averages(.pooled)?.meanDice == 1)
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
    let report = try verify(source, labels: unknown, minimum: nil)
    #expect(report.verdict == .fault)
    #expect(report.faults.map(\.code.exitStatus) == [.invalidData])
    let other = try LabelVolume(
      geometry: VolumeSegmenterTests.geometry(1, 1, 1), labels: [0])
    #expect(
      try verify(source, labels: other, minimum: nil).faults.map(\.code) == [.extentsMismatch])
  }

  @Test("a model without decoder cannot segment, and is told so")
  func noDecoder() throws {
    let converted = try Sample.converted(
      Sample.source(), Sample.options(.center) { $0.includesDecoder = false })
    let labels = try prediction(Sample.source())
    let report = try verify(converted, labels: labels, minimum: nil)
    #expect(report.faults.map(\.code) == [.invalidData])
    #expect(report.faults.first?.reason.contains("no decoder") == true)
  }

  @Test("each bound is held against its own measure")
  func bounds() throws {
    let source = try Sample.source()
    let right = try prediction(source)
    let wrong = try LabelVolume(
      geometry: right.geometry, labels: right.labels.map { ($0 + 1) % 5 })
    let volume = try volume()
    func shortfalls(_ labels: LabelVolume) throws -> [String] {
      var bounds = SegmentationBounds(meanDice: 0.9)
      bounds.classDice = 0.9
      bounds.intersectionOverUnion = 0.9
      bounds.hausdorff95 = 0.5
      bounds.surfaceDistance = 0.5
      bounds.volumeDifference = 0
      let reference = ReferenceVolume(
        name: "scan", channels: [volume], labels: labels,
        preparation: VolumePreparation(intensities: .window(try window(volume))))
      return try Sample.verify(source, references: [reference], bounds: bounds).shortfalls
    }
    #expect(try shortfalls(right).isEmpty)
    let all = try shortfalls(wrong)
    for id in [
      "segmentation", "segmentation.class-dice", "segmentation.iou", "segmentation.hausdorff95",
      "segmentation.surface-distance", "segmentation.volume-difference",
    ] { #expect(all.contains(id), "\(all)") }
  }

  @Test("a scan that cannot be read stops no other")
  func oneFault() throws {
    let source = try Sample.source()
    let right = try prediction(source)
    let volume = try volume()
    let preparation = VolumePreparation(intensities: .window(try window(volume)))
    let missing = ReferenceVolume(
      imagePath: "nowhere.nii", labelPath: "nowhere.nii", preparation: preparation)
    let present = ReferenceVolume(
      name: "scan", channels: [volume], labels: right, preparation: preparation)
    let report = try Sample.verify(source, references: [missing, present, missing])
    #expect(report.segmentations.map(\.volume) == ["scan"])
    #expect(report.faults.map(\.code) == [.missingInput, .missingInput])
    #expect(report.verdict == .fault)
  }
}
