import Segmenter
import Volumes

/// Segments a whole scan and holds the result against its labels.
struct SegmentationCheck {
  let model: any WindowModel
  let reference: ReferenceVolume
  let bounds: SegmentationBounds
  var windows: WindowOptions?

  /// What came of it: a check for each measure, what they are made from, and the prediction.
  struct Outcome {
    let checks: [Check]
    let scores: SegmentationScores
    let channels: [Volume]
    let labels: LabelVolume
    let prediction: LabelVolume

    func gallery(of reference: ReferenceVolume) throws -> SliceGallery {
      try SliceGallery(
        volume: scores.volume, scan: channels[0],
        intensities: reference.preparation.intensities.displayWindow(of: channels[0]),
        labels: labels, prediction: prediction)
    }
  }

  func run(progress: (_ done: Int, _ total: Int) -> Void) throws -> Outcome {
    let segmenter = try VolumeSegmenter(
      model: model, preparation: reference.preparation, windows: windows)
    let (channels, labels) = try reference.contents()
    let prediction = try segmenter.labels(of: channels, progress: progress)
    let metrics = try SegmentationMetrics(
      prediction: prediction, reference: labels, classCount: segmenter.classCount)
    let scores = SegmentationScores(
      volume: reference.name, slices: labels.extents.depth, metrics: metrics)
    return Outcome(
      checks: checks(of: scores), scores: scores, channels: channels, labels: labels,
      prediction: prediction)
  }

  /// Without a foreground in labels or prediction there is nothing to measure, and that falls short.
  func checks(of scores: SegmentationScores) -> [Check] {
    let place = "\(scores.volume), \(scores.slices) slices"
    guard let dice = scores.meanForegroundDice else {
      return [
        .fallsShort(.segmentation, detail: "\(place): no foreground in labels or prediction")
      ]
    }
    var checks = [
      Check.measured(
        .segmentation, dice, bound: bounds.meanDice.map(Check.Bound.atLeast), detail: place)
    ]
    if let bound = bounds.classDice { checks.append(worstClass(of: scores, bound, place)) }
    for (question, metric, bound) in [
      (
        Question.intersectionOverUnion, \ClassMetrics.intersectionOverUnion,
        bounds.intersectionOverUnion.map(Check.Bound.atLeast)
      ), (.hausdorff95, \.hausdorff95, bounds.hausdorff95.map(Check.Bound.atMost)),
      (
        .surfaceDistance, \.averageSurfaceDistance,
        bounds.surfaceDistance.map(Check.Bound.atMost)
      ),
    ] {
      guard let figure = scores.foregroundMean(metric) else { continue }
      let absent = figure.isFinite ? "" : "; a class is in one of labels and prediction alone"
      checks.append(.measured(question, figure, bound: bound, detail: place + absent))
    }
    checks.append(volumeDifference(of: scores, place))
    return checks
  }

  private func worstClass(of scores: SegmentationScores, _ bound: Double, _ place: String) -> Check
  {
    let present = scores.classes.enumerated().dropFirst()
      .compactMap { index, metrics in metrics.dice.map { (index, $0) } }
    let worst = present.min { $0.1 < $1.1 } ?? (0, 0)
    return .measured(
      .classDice, worst.1, bound: .atLeast(bound), detail: "\(place): class \(worst.0)")
  }

  private func volumeDifference(of scores: SegmentationScores, _ place: String) -> Check {
    let shares = scores.classes.enumerated().dropFirst().compactMap { index, metrics in
      metrics.relativeVolumeDifference.map { (index, $0) }
    }
    guard let worst = shares.max(by: { abs($0.1) < abs($1.1) }) else {
      return .notApplicable(.volumeDifference, because: "the labels have no foreground")
    }
    let sign = worst.1 < 0 ? "less" : "more"
    return .measured(
      .volumeDifference, abs(worst.1), bound: bounds.volumeDifference.map(Check.Bound.atMost),
      detail: "\(place): class \(worst.0) is predicted \(sign) than labelled")
  }
}
