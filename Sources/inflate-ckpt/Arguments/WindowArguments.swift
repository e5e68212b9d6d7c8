import ArgumentParser
import Diagnostics
import Verification
import Volumes

/// How windows lie over a scan, for models that score whole windows.
struct WindowArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The window's size; the model's own unless said.", valueName: "h,w,d"),
    transform: ImageSize.init(parsing:))
  var roi: ImageSize?

  @Option(
    help: ArgumentHelp(
      "The share of a window that its neighbour covers again, 0.25 unless said.", valueName: "x"))
  var overlap: Double?

  @Option(
    help: ArgumentHelp(
      "What scores count where windows overlap, constant unless said.",
      valueName: "constant|gaussian"))
  var blend: Blending?

  enum Blending: String, ExpressibleByArgument {
    case constant
    case gaussian
  }

  func validate() throws {
    if let overlap, !(overlap >= 0 && overlap < 1) {
      throw ValidationError("--overlap \(overlap) is not from 0 to less than 1")
    }
  }

  /// nil when nothing was said.
  var options: WindowOptions? {
    guard roi != nil || overlap != nil || blend != nil else { return nil }
    return WindowOptions(
      size: roi?.extents, overlap: overlap ?? 0.25,
      blending: blend == .gaussian ? .gaussian() : .constant)
  }
}
