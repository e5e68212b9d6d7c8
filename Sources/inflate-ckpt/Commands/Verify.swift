import Architectures
import ArgumentParser
import Checkpoints
import Diagnostics
import Documents
import Verification
import Volumes

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Proves that converted checkpoints still compute what the 2D model did.",
    discussion: """
      Every check says what it measured and what it had to meet. With --source the tensors are held \
      against the 2D checkpoint and both models are run on one slice; with --fixture against \
      recorded runs of any implementation; with --volume and --labels on a scan. Exit status 1 when \
      a check falls short.
      """)

  @Argument(help: ArgumentHelp("Checkpoints to verify.", valueName: "ckpt"))
  var checkpoints: [String]

  @Option(help: ArgumentHelp("The 2D checkpoint they were made from.", valueName: "file"))
  var source: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A recorded run to repeat; may be repeated.", valueName: "file"))
  var fixture: [String] = []

  @Option(help: ArgumentHelp("A scan (.nii, .nii.gz) to segment.", valueName: "file"))
  var volume: String?

  @Option(help: ArgumentHelp("The scan's true labels.", valueName: "file"))
  var labels: String?

  @Option(
    help: ArgumentHelp("Least mean Dice of the foreground classes, from 0 to 1.", valueName: "x"))
  var minDice: Double?

  @OptionGroup var intensity: IntensityOptions
  @OptionGroup var classes: ClassNames
  @OptionGroup(title: "Hints") var recognition: RecognitionOptions
  @OptionGroup(title: "Hints") var opening: OpeningOptions

  @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file"))
  var report: String?

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Replace an existing report.")
  var force = false

  func validate() throws {
    if (volume == nil) != (labels == nil) {
      throw ValidationError("--volume and --labels go together")
    }
    if let minDice {
      guard volume != nil else { throw ValidationError("--min-dice needs --volume and --labels") }
      guard (0...1).contains(minDice) else {
        throw ValidationError("--min-dice \(minDice) is not between 0 and 1")
      }
    }
    if volume != nil { _ = try intensity.required() }
  }

  func run() throws {
    try OutputFile.check(
      [report].compactMap { $0 },
      inputs: checkpoints + fixture + [source, volume, labels].compactMap { $0 }, replacing: force)
    let verifier = try Verifier(
      catalogue: recognition.catalogue(), source: source.map(opening.open),
      sourceHints: recognition.hints(for: source ?? ""), fixtures: fixture,
      reference: reference())
    var reports: [VerificationReport] = []
    for path in checkpoints {
      let progress = ProgressLine("\(path): slice")
      let report = try verifier.verify(
        opening.open(path), hints: recognition.hints(for: path), progress: progress.update)
      reports.append(report)
      if !json { try StandardOutput.write(VerificationText.table(report) + "\n") }
    }
    if !json, let scores = VerificationText.scores(reports, classes: classes) {
      try StandardOutput.write(scores)
    }
    let document = VerificationReport.document(of: reports)
    if json { try StandardOutput.write(document) }
    if let report { try OutputFile.write(document, to: report, replacing: force) }
    guard reports.allSatisfy(\.passes) else { throw CheckFellShort() }
  }

  private func reference() throws -> ReferenceVolume? {
    guard let volume, let labels else { return nil }
    return ReferenceVolume(
      name: volume, volume: try Volume(contentsOf: volume),
      labels: try LabelVolume(contentsOf: labels), intensities: try intensity.required(),
      minimumDice: minDice)
  }
}
