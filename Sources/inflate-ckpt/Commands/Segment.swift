import Architectures
import ArgumentParser
import Checkpoints
import Diagnostics
import Segmenter
import Verification
import Volumes

struct Segment: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "segment",
    abstract: "Segments a scan with a checkpoint, slice by slice.",
    discussion: """
      A 3D model sees every slice between its neighbours (the slices at the ends are repeated); a \
      2D model sees it alone. The labels are written on the scan's own grid.
      """)

  @Argument(help: ArgumentHelp("The segmenter's checkpoint.", valueName: "ckpt"))
  var checkpoint: String

  @Option(help: ArgumentHelp("The scan (.nii, .nii.gz).", valueName: "file"))
  var volume: String

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The labels to write (.nii, .nii.gz).", valueName: "file"))
  var output: String

  @OptionGroup var intensity: IntensityOptions
  @OptionGroup(title: "Hints") var recognition: RecognitionOptions
  @OptionGroup(title: "Hints") var opening: OpeningOptions

  @Option(
    help: ArgumentHelp("Draw three slices with the result, as PNG.", valueName: "file"))
  var picture: String?

  @Option(
    help: ArgumentHelp("True labels to show beside the result in the picture.", valueName: "file"))
  var labels: String?

  @OptionGroup var classes: ClassNames

  @Flag(help: "Replace existing files.")
  var force = false

  func validate() throws {
    _ = try intensity.required()
    // Asked now rather than after minutes of work.
    guard output.lowercased().hasSuffix(".nii") || output.lowercased().hasSuffix(".nii.gz") else {
      throw ValidationError("-o \(printable(output)): labels are written as .nii or .nii.gz")
    }
    if picture == nil, labels != nil || classes.classNames != nil {
      throw ValidationError("--labels and --class-names are for the --picture")
    }
  }

  func run() throws {
    try OutputFile.check(
      [output] + [picture].compactMap { $0 },
      inputs: [checkpoint, volume] + [labels].compactMap { $0 }, replacing: force)
    let source = try opening.open(checkpoint)
    let model = try recognition.catalogue().recognise(
      source, hints: recognition.hints(for: checkpoint))
    let segmenter = try VolumeSegmenter(
      model: SegmentationModel(model: model, source: source), intensities: intensity.required())
    let volume = try Volume(contentsOf: volume)
    let truth = try labels.map { try LabelVolume(contentsOf: $0) }
    let progress = ProgressLine("slice")
    let prediction = try segmenter.segment(volume, progress: progress.update)
    try prediction.write(to: output, replacing: force)
    try StandardOutput.write("wrote \(printable(output, limit: 4096))\n")
    guard let picture else { return }
    try montage(volume, truth: truth, prediction: prediction).picture()
      .writePNG(to: picture, replacing: force)
    try StandardOutput.write("wrote \(printable(picture, limit: 4096))\n")
  }

  private func montage(
    _ volume: Volume, truth: LabelVolume?, prediction: LabelVolume
  ) throws -> Montage {
    var overlays: [Montage.Overlay] = []
    if let truth { overlays.append(.init(title: "labels", labels: truth)) }
    overlays.append(.init(title: "prediction", labels: prediction))
    return try Montage(
      volume: volume, intensities: intensity.required(), overlays: overlays,
      classNames: classes.names)
  }
}
