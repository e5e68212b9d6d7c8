/// What a segmentation has to reach, each bound for itself; nil only reports.
package struct SegmentationBounds: Sendable, Hashable {
  /// The least mean Dice of the foreground classes.
  package var meanDice: Double?
  /// The least Dice of any foreground class.
  package var classDice: Double?
  /// The least mean intersection over union of the foreground classes.
  package var intersectionOverUnion: Double?
  /// The largest mean 95th percentile of surface distances, in the scan's unit.
  package var hausdorff95: Double?
  /// The largest mean average surface distance, in the scan's unit.
  package var surfaceDistance: Double?
  /// The largest volume difference of any foreground class, as a share of its labels.
  package var volumeDifference: Double?

  package init(meanDice: Double? = nil) { self.meanDice = meanDice }
}
