import Architectures
import ArgumentParser
import Checkpoints
import Diagnostics
import Files
import Segmenter
import Tensors
import Verification
import Volumes

struct Segment: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "segment",
    abstract: "Segments a scan with a checkpoint.",
    discussion: """
      A model that scores one slice sees every slice between its neighbours (the slices at the \
      ends are repeated), a 2D model sees it alone; one that scores windows goes through \
      overlapping windows. The result is written on the scan's own grid, whatever the scan was \
      turned and resampled to for the model. A scan of several channels is one file of four \
      dimensions.
      """)

  @Argument(help: ArgumentHelp("The segmenter's checkpoint.", valueName: "ckpt"))
  var checkpoint: String

  @Option(help: ArgumentHelp("The scan (.nii, .nii.gz).", valueName: "file"))
  var volume: String

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The labels to write (.nii, .nii.gz).", valueName: "file"))
  var output: String

  @Flag(help: "Write the probability of every class instead, the fourth dimension.")
  var probabilities = false

  @OptionGroup var preparation: PreparationOptions
  @OptionGroup(title: "Windows") var windows: WindowArguments
  @OptionGroup(title: "Hints") var recognition: RecognitionOptions
  @OptionGroup(title: "Hints") var opening: OpeningOptions

  @Option(
    help: ArgumentHelp(
      "Take no more memory than this, for example 2G.", valueName: "size"),
    transform: ByteSize.init(parsing:))
  var memory: ByteSize?

  @Option(
    help: ArgumentHelp(
      "Keep what is finished in this file, and go on from it when it exists; it is removed in the "
        + "end.", valueName: "file"))
  var resume: String?

  @Option(
    help: ArgumentHelp("Draw three slices with the result (.png).", valueName: "file"))
  var picture: String?

  @Option(
    help: ArgumentHelp("True labels to show beside the result in the picture.", valueName: "file"))
  var labels: String?

  @OptionGroup var classes: ClassNames

  @Flag(help: "Replace existing files.")
  var force = false

  func validate() throws {
    _ = try preparation.required()
    // Asked now rather than after minutes of work.
    guard output.lowercased().hasSuffix(".nii") || output.lowercased().hasSuffix(".nii.gz") else {
      throw ValidationError("-o \(printable(output)): volumes are written as .nii or .nii.gz")
    }
    if let picture, !picture.lowercased().hasSuffix(".png") {
      throw ValidationError("--picture \(printable(picture)): pictures are written as .png")
    }
    if picture == nil, labels != nil || classes.classNames != nil {
      throw ValidationError("--labels and --class-names are for the --picture")
    }
    if picture != nil, probabilities {
      throw ValidationError("--picture shows labels, which --probabilities does not make")
    }
  }

  func run() throws {
    try OutputFile.check(
      [output] + [picture].compactMap { $0 },
      inputs: [checkpoint, volume] + [labels, resume].compactMap { $0 }, replacing: force)
    let source = try opening.open(checkpoint)
    let recognised = try recognition.catalogue().recognise(
      source, hints: recognition.hints(for: checkpoint))
    let model = try SegmentationModel(
      model: recognised, source: source, memoryLimit: memory?.bytes)
    let segmenter = try VolumeSegmenter(
      model: model, preparation: preparation.required(), windows: windows.options)
    let byteLimit = memory.map { $0.bytes - Int(model.memoryEstimate.total) }
    let channels = try NIfTIFile(
      path: volume, byteLimit: byteLimit ?? NIfTIFile.defaultByteLimit
    ).channels()
    let truth = try labels.map { try LabelVolume(contentsOf: $0) }
    try truth?.check(belongingTo: channels[0], at: .init(file: volume))
    let run = Run(
      segmenter: segmenter, channels: channels, byteLimit: byteLimit ?? .max,
      journal: try resume.map { try RunJournal(path: $0, fingerprint: fingerprint(source)) })
    if probabilities {
      try Volume.write(try run.probabilities(), to: output, replacing: force)
    } else {
      let prediction = try run.labels()
      try prediction.write(to: output, replacing: force)
      if let picture {
        try montage(channels[0], truth: truth, prediction: prediction).picture()
          .writePNG(to: picture, replacing: force)
      }
    }
    run.journal?.remove()
    for path in [output] + [picture].compactMap({ $0 }) {
      try StandardOutput.write("wrote \(printable(path, limit: 4096))\n")
    }
  }

  /// What a run needs, and the line that shows how far it is.
  private struct Run {
    let segmenter: VolumeSegmenter
    let channels: [Volume]
    let byteLimit: Int
    let journal: RunJournal?
    let progress = ProgressLine()

    private func show(_ done: Int, _ total: Int) {
      progress.update(segmenter.goesBySlices ? "slice" : "window", done, total)
    }

    func labels() throws -> LabelVolume {
      try segmenter.labels(of: channels, byteLimit: byteLimit, journal: journal, progress: show)
    }

    func probabilities() throws -> [Volume] {
      try segmenter.probabilities(
        of: channels, byteLimit: byteLimit, journal: journal, progress: show)
    }
  }

  /// The digest of all that the result depends on.
  private func fingerprint(_ source: any TensorSource) throws -> SHA256Digest {
    let parts = [
      toolVersion, try contentDigest(of: source).description,
      try SHA256Digest.ofFile(at: volume).description, "\(try preparation.required())",
      windows.options.map { "\($0)" } ?? "", "\(probabilities)",
      "\(recognition.layers ?? []) \(recognition.heads ?? [])",
    ]
    return SHA256Digest.of(Array(parts.joined(separator: "\n").utf8).span.bytes)
  }

  private func montage(
    _ volume: Volume, truth: LabelVolume?, prediction: LabelVolume
  ) throws -> Montage {
    var overlays: [Montage.Overlay] = []
    if let truth { overlays.append(.init(title: "labels", labels: truth)) }
    overlays.append(.init(title: "prediction", labels: prediction))
    return try Montage(
      volume: volume, intensities: preparation.required().intensities.displayWindow(of: volume),
      overlays: overlays, classNames: classes.names(preparation.preset?.classes ?? []))
  }
}
