import ArgumentParser
import Volumes

/// How a scan's intensities become what the model was trained on.
struct IntensityOptions: ParsableArguments {
  // Unconditional: a window of CT begins with a minus sign.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Intensities that become 0 and 1; what lies outside is clipped.", valueName: "low,high"),
    transform: IntensityWindow.init(parsing:))
  var intensityWindow: IntensityWindow?

  func required() throws -> IntensityWindow {
    guard let intensityWindow else {
      throw ValidationError(
        "say which intensities the model was trained on: --intensity-window low,high, for "
          + "example -175,250 for the paper's abdominal CT")
    }
    return intensityWindow
  }
}
