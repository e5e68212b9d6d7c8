import Volumes

/// All that was measured of one checkpoint on one labelled scan.
package struct SegmentationScores: Sendable {
  /// The scan as the user named it.
  package let volume: String
  package let slices: Int
  /// By class, the background first.
  package let classes: [ClassMetrics]
  /// From which averages over several scans are made.
  package let matrix: ConfusionMatrix

  init(volume: String, slices: Int, metrics: SegmentationMetrics) {
    self.volume = volume
    self.slices = slices
    classes = metrics.classes
    matrix = metrics.matrix
  }

  /// Over the classes but 0, the background, that labels or prediction have; nil when there is none.
  package var meanForegroundDice: Double? { foregroundMean(\.dice) }

  /// The mean of a metric over the foreground classes that have it.
  package func foregroundMean(_ metric: KeyPath<ClassMetrics, Double?>) -> Double? {
    meanOfPresent(classes.dropFirst().map { $0[keyPath: metric] })
  }
}
