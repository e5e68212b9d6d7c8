import Architectures
import ArgumentParser
import Checkpoints
import Diagnostics
import Segmenter
import Verification
import Volumes

/// `verify record`: a command of its own for the parser, as `verify` takes any word for a checkpoint.
struct VerifyRecord: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify-record",
    abstract: "Records a run of a segmenter, for verify --fixture to repeat.",
    usage: "inflate-ckpt verify record <ckpt> -o <file> [--volume <file>] [<options>]",
    discussion: """
      The file has input [1, channels, height, width, depth], logits [1, classes, height, width] \
      and feature.<i> [1, tokens, hidden], the output of block i. The input is the window about \
      the scan's middle slice, or a pattern without a scan.
      """,
    shouldDisplay: false)

  @Argument(help: ArgumentHelp("The segmenter's checkpoint.", valueName: "ckpt"))
  var checkpoint: String

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The fixture to write (.safetensors, .pth, .h5).", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("A scan (.nii, .nii.gz).", valueName: "file"))
  var volume: String?

  @OptionGroup var preparation: PreparationOptions
  @OptionGroup(title: "Hints") var recognition: RecognitionOptions
  @OptionGroup(title: "Hints") var opening: OpeningOptions

  @Flag(help: "Replace an existing file.")
  var force = false

  func validate() throws {
    if volume != nil { _ = try preparation.required() }
  }

  func run() throws {
    try OutputFile.check(
      [output], inputs: [checkpoint] + [volume].compactMap { $0 }, replacing: force)
    let source = try opening.open(checkpoint)
    let recognised = try recognition.catalogue().recognise(
      source, hints: recognition.hints(for: checkpoint))
    let model = try SegmentationModel(model: recognised, source: source)
    let count = try FixtureRecorder(model: model).record(
      scan: volume.map { try Volume(contentsOf: $0) },
      preparation: volume == nil ? VolumePreparation() : preparation.required(),
      to: CheckpointOutput(path: output, replacing: force))
    try StandardOutput.write("wrote \(printable(output, limit: 4096)): \(count) outputs\n")
  }
}
