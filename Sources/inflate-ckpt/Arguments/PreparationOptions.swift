import ArgumentParser
import Diagnostics
import Volumes

/// How a scan becomes what the model was trained on.
struct PreparationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Intensities and classes of a dataset of the paper: \(presetNames).", valueName: "name"),
    transform: DatasetPreset.named)
  var preset: DatasetPreset?

  // Unconditional: a window of CT begins with a minus sign.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Intensities that become 0 and 1; what lies outside is clipped.", valueName: "low,high"),
    transform: IntensityWindow.init(parsing:))
  var intensityWindow: IntensityWindow?

  @Option(
    help: ArgumentHelp(
      "Shift and scale intensities to mean 0 and deviation 1, over all voxels or those that are "
        + "not 0.", valueName: "all|nonzero"))
  var zScore: ZScoreVoxels?

  @Option(
    help: ArgumentHelp(
      "The frame that the model was trained in, such as RAS; the scan's own unless said.",
      valueName: "axes"), transform: AxisCodes.init(parsing:))
  var orientation: AxisCodes?

  @Option(
    help: ArgumentHelp(
      "Resample the scan to this spacing along the frame's axes; 0 keeps one.",
      valueName: "h,w,d"), transform: Spacing.init(parsing:))
  var spacing: Spacing?

  @Option(
    help: ArgumentHelp(
      "How values between voxels come about with --spacing, linear unless said.",
      valueName: "method"))
  var resample: Interpolation?

  private static let presetNames = DatasetPreset.all.map(\.name).joined(separator: ", ")

  /// - Throws: `ValidationError` when it is not said, or said twice, what becomes of intensities.
  func required() throws -> VolumePreparation {
    let choices = [preset != nil, intensityWindow != nil, zScore != nil].filter { $0 }
    guard choices.count == 1 else {
      throw ValidationError(
        choices.isEmpty
          ? "say which intensities the model was trained on: --preset btcv, --intensity-window "
            + "low,high (for example -175,250 for the paper's abdominal CT) or --z-score"
          : "--preset, --intensity-window and --z-score exclude one another")
    }
    guard resample == nil || spacing != nil else {
      throw ValidationError("--resample says how to bring the scan to a --spacing; none is given")
    }
    return VolumePreparation(
      orientation: orientation, spacing: spacing?.distances, interpolation: resample ?? .linear,
      intensities: intensities)
  }

  private var intensities: IntensityNormalisation {
    if let window = intensityWindow ?? preset?.intensities { return .window(window) }
    return .zScore(ZScore(ignoringZeros: zScore == .nonzero))
  }
}

extension Interpolation: ExpressibleByArgument {}

/// Which voxels a z-score is taken over.
enum ZScoreVoxels: String, ExpressibleByArgument {
  case all
  case nonzero
}

/// Three distances between voxels.
struct Spacing {
  let distances: [Double]

  /// - Throws: `usage` when the text is not three numbers from 0.
  init(parsing text: String) throws {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    distances = parts.compactMap { Double($0) }.filter { $0 >= 0 && $0.isFinite }
    guard parts.count == 3, distances.count == 3 else {
      throw Fault(
        .usage, "\"\(printable(text))\" is not three distances: for example 1.5,1.5,2")
    }
  }
}
