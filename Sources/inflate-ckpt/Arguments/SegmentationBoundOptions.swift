import ArgumentParser
import Verification

/// What a segmentation has to reach; what is not said is only reported.
struct SegmentationBoundOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Least mean Dice of the foreground classes, from 0 to 1.", valueName: "x"))
  var minDice: Double?

  @Option(
    help: ArgumentHelp("Least Dice of any foreground class, from 0 to 1.", valueName: "x"))
  var minClassDice: Double?

  @Option(
    help: ArgumentHelp(
      "Least mean intersection over union of the foreground classes.", valueName: "x"))
  var minIou: Double?

  @Option(
    help: ArgumentHelp(
      "Largest mean 95th percentile of surface distances, in the scan's unit.", valueName: "x"))
  var maxHausdorff95: Double?

  @Option(
    help: ArgumentHelp(
      "Largest mean distance from predicted to labelled surfaces, in the scan's unit.",
      valueName: "x"))
  var maxSurfaceDistance: Double?

  @Option(
    help: ArgumentHelp(
      "Largest difference of any class's volume, as a share of the labels'.", valueName: "x"))
  var maxVolumeDifference: Double?

  private var named: [(name: String, value: Double?, range: ClosedRange<Double>)] {
    [
      ("--min-dice", minDice, 0...1), ("--min-class-dice", minClassDice, 0...1),
      ("--min-iou", minIou, 0...1),
      ("--max-hausdorff95", maxHausdorff95, 0...Double.greatestFiniteMagnitude),
      ("--max-surface-distance", maxSurfaceDistance, 0...Double.greatestFiniteMagnitude),
      ("--max-volume-difference", maxVolumeDifference, 0...Double.greatestFiniteMagnitude),
    ]
  }

  /// Those that were given.
  var given: [String] { named.filter { $0.value != nil }.map(\.name) }

  func validate() throws {
    for (name, value, range) in named {
      guard let value, !range.contains(value) else { continue }
      throw ValidationError(
        "\(name) \(value) is not "
          + (range.upperBound == 1 ? "between 0 and 1" : "a distance or share from 0"))
    }
  }

  var bounds: SegmentationBounds {
    var bounds = SegmentationBounds(meanDice: minDice)
    bounds.classDice = minClassDice
    bounds.intersectionOverUnion = minIou
    bounds.hausdorff95 = maxHausdorff95
    bounds.surfaceDistance = maxSurfaceDistance
    bounds.volumeDifference = maxVolumeDifference
    return bounds
  }
}
