import ArgumentParser
import Diagnostics
import Verification
import Volumes

/// Labelled scans to try segmenters on.
struct ReferenceOptions: ParsableArguments {
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A scan (.nii, .nii.gz) to segment; may be repeated, a pattern or a list.",
      valueName: "file"))
  var volume: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("The scan's true labels, in the scans' order.", valueName: "file"))
  var labels: [String] = []

  @Option(
    help: ArgumentHelp(
      "A dataset's folder, laid out as BTCV, ACDC or the Medical Segmentation Decathlon: its "
        + "labelled scans.", valueName: "folder"))
  var dataset: String?

  @OptionGroup var preparation: PreparationOptions

  var isEmpty: Bool { volume.isEmpty && dataset == nil }

  func validate() throws {
    if volume.isEmpty != labels.isEmpty {
      throw ValidationError("--volume and --labels go together")
    }
    if !isEmpty { _ = try preparation.required() }
  }

  /// - Throws: the faults of a folder that is no dataset; `missing-input` when it has no labelled scan.
  func folder() throws -> DatasetFolder? {
    guard let dataset else { return nil }
    let folder = try DatasetFolder(path: dataset)
    guard !folder.labelledCases.isEmpty else {
      throw Fault(.missingInput, "the dataset has no labelled scan", at: .init(file: dataset))
    }
    return folder
  }

  /// - Parameter folder: the dataset's, as ``folder()`` found it.
  /// - Throws: `usage` when there are more scans than labels or the other way round.
  func volumes(_ folder: DatasetFolder?) throws -> [ReferenceVolume] {
    guard !isEmpty else { return [] }
    let preparation = try preparation.required()
    let (scans, truths) = (try PathList.expanded(volume), try PathList.expanded(labels))
    guard scans.count == truths.count else {
      throw Fault(
        .usage,
        "every scan needs its labels: there are \(scans.count) of --volume and "
          + "\(truths.count) of --labels")
    }
    var pairs = Array(zip(scans, truths))
    pairs += folder?.labelledCases.compactMap { scan in scan.label.map { (scan.image, $0) } } ?? []
    return pairs.map {
      ReferenceVolume(imagePath: $0.0, labelPath: $0.1, preparation: preparation)
    }
  }
}
