import Segmenter
import Volumes

/// A labelled volume to try a segmenter on.
package struct ReferenceVolume: Sendable {
  package let name: String
  package let volume: Volume
  package let labels: LabelVolume
  package let intensities: IntensityWindow
  /// The least mean Dice of the foreground classes that is good enough, if any.
  package let minimumDice: Double?

  package init(
    name: String, volume: Volume, labels: LabelVolume, intensities: IntensityWindow,
    minimumDice: Double?
  ) {
    self.name = name
    self.volume = volume
    self.labels = labels
    self.intensities = intensities
    self.minimumDice = minimumDice
  }
}

/// Segments the whole volume and holds the result against its labels.
struct SegmentationCheck {
  let model: SegmentationModel
  let reference: ReferenceVolume

  func run(
    progress: (_ done: Int, _ total: Int) -> Void
  ) throws -> (check: Check, scores: SegmentationScores) {
    let segmenter = try VolumeSegmenter(model: model, intensities: reference.intensities)
    let prediction = try segmenter.segment(reference.volume, progress: progress)
    let confusion = try ConfusionMatrix(
      prediction: prediction, reference: reference.labels, classCount: segmenter.classCount)
    let mean = confusion.meanDice(over: 1..<segmenter.classCount)
    let scores = SegmentationScores(
      volume: reference.name, dice: confusion.dice, meanForegroundDice: mean)
    let detail = "\(reference.name), \(reference.volume.extents.depth) slices"
    guard let mean else {
      return (
        .fallsShort(.segmentation, detail: "\(detail): no foreground in labels or prediction"),
        scores
      )
    }
    return (
      .measured(
        .segmentation, mean, bound: reference.minimumDice.map(Check.Bound.atLeast), detail: detail),
      scores
    )
  }
}
