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
      recorded runs of any implementation; with --volume and --labels, or --dataset, on labelled \
      scans. A fault in one checkpoint or scan stops no other. Exit status 1 when a check falls \
      short.

      Files may be given as patterns in quotes ('models/*.safetensors') and as lists (@files.txt, \
      one a line). A report is a JSON document, one page of HTML that needs nothing else, or a \
      folder with both for each checkpoint and a summary.

      verify record CKPT -o FILE records a run for --fixture (verify record --help).
      """)

  @Argument(help: ArgumentHelp("Checkpoints to verify.", valueName: "ckpt"))
  var checkpoints: [String]

  @Option(help: ArgumentHelp("The 2D checkpoint they were made from.", valueName: "file"))
  var source: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A recorded run to repeat; may be repeated.", valueName: "file"))
  var fixture: [String] = []

  @OptionGroup(title: "Labelled scans") var references: ReferenceOptions
  @OptionGroup(title: "Labelled scans") var bounds: SegmentationBoundOptions
  @OptionGroup(title: "Labelled scans") var windows: WindowArguments
  @OptionGroup(title: "Labelled scans") var classes: ClassNames
  @OptionGroup(title: "Hints") var recognition: RecognitionOptions
  @OptionGroup(title: "Hints") var opening: OpeningOptions

  @Option(
    help: ArgumentHelp(
      "Write the report: .json, .html, or a folder for one each.", valueName: "path"),
    transform: ReportOutput.init(path:))
  var report: ReportOutput?

  @Option(
    help: ArgumentHelp(
      "The conversion's own report (convert --report), whose ledger an HTML report is to show.",
      valueName: "file"))
  var ledger: String?

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Replace an existing report.")
  var force = false

  func validate() throws {
    if let ledger, !(report?.showsSlices ?? false) {
      throw ValidationError("--ledger \(printable(ledger)) is for a --report in HTML")
    }
    if references.isEmpty, let bound = bounds.given.first {
      throw ValidationError("\(bound) needs --volume and --labels, or --dataset")
    }
  }

  func run() throws {
    let paths = try PathList.expanded(checkpoints)
    let fixtures = try PathList.expanded(fixture)
    let inputs =
      paths + fixtures + [source, ledger].compactMap { $0 } + references.volume + references.labels
    let dataset = try references.folder()
    try report?.prepare()
    try OutputFile.check(report?.files ?? [], inputs: inputs, replacing: force)
    let verifier = try Verifier(
      catalogue: recognition.catalogue(), source: source.map(opening.open),
      sourceHints: recognition.hints(for: source ?? ""), fixtures: fixtures,
      references: references.volumes(dataset),
      bounds: bounds.bounds, windows: windows.options,
      drawsSlices: report?.showsSlices ?? false)
    let names = classes.names(references.preparation.preset?.classes ?? dataset?.classes ?? [])
    let context = try report.map {
      $0.showsSlices
        ? try ReportContext(files: inputs, classNames: names, conversionPath: ledger)
        : ReportContext()
    }
    let progress = ProgressLine()
    var reports: [VerificationReport] = []
    for (index, path) in paths.enumerated() {
      let found = verify(path, verifier, progress)
      if !json { try StandardOutput.write(VerificationText.table(found) + "\n") }
      for fault in found.faults { StandardError.write("error: \(fault)\n") }
      if let report, let context {
        try report.add(found, number: index + 1, context: context, replacing: force)
      }
      reports.append(report?.letsGoOfPictures ?? true ? found.withoutPictures : found)
    }
    try print(reports, classNames: names)
    if let report, let context {
      try report.finish(reports, context: context, replacing: force)
    }
    guard reports.allSatisfy(\.passes) else { throw CheckFellShort(reports) }
  }

  private func print(_ reports: [VerificationReport], classNames: [String]) throws {
    if json { return try StandardOutput.write(VerificationReport.document(of: reports)) }
    if let scores = VerificationText.scores(reports, classNames: classNames) {
      try StandardOutput.write(scores)
    }
    if reports.count > 1 { try StandardOutput.write(VerificationText.summary(reports)) }
  }

  private func verify(
    _ path: String, _ verifier: Verifier, _ progress: ProgressLine
  ) -> VerificationReport {
    do {
      let checkpoint = try opening.open(path)
      let hints = try recognition.hints(for: path)
      return verifier.verify(checkpoint, hints: hints) { name, done, total in
        progress.update("\(path): \(name)", done, total)
      }
    } catch {
      return VerificationReport(checkpoint: path, faults: [Fault(from: error)])
    }
  }
}

extension CheckFellShort {
  /// A check that fell short decides; otherwise the first fault does.
  fileprivate init(_ reports: [VerificationReport]) {
    let fault = reports.flatMap(\.faults).first
    exitStatus =
      VerificationReport.verdict(of: reports) == .fallShort
      ? .checkFailed : fault?.code.exitStatus ?? .checkFailed
  }
}
