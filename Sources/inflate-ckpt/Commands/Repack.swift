import ArgumentParser
import Checkpoints
import Diagnostics
import Tensors

struct Repack: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repack",
    abstract: "Brings a checkpoint into another container, its tensors unchanged.",
    discussion: """
      Every tensor keeps its name, element type and bytes. Of a safetensors file's metadata, other \
      safetensors files keep all and other containers nothing; what a PyTorch file holds beside the \
      state dict is left behind.
      """)

  @Argument(help: ArgumentHelp("The checkpoint to read.", valueName: "source"))
  var source: String

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("\(CheckpointOutputOptions.help)", valueName: "file"))
  var output: String

  @OptionGroup var outputOptions: CheckpointOutputOptions
  @OptionGroup(title: "Hints") var opening: OpeningOptions

  @Flag(help: "Replace existing files.")
  var force = false

  func validate() throws { _ = try outputOptions.output(output, replacing: force) }

  func run() throws {
    let output = try outputOptions.output(output, replacing: force)
    try OutputFile.check([output.path], inputs: [source], replacing: force)
    let source = try opening.open(source)
    let progress = ProgressLine("writing tensor")
    try output.write(
      source.tensors.map {
        try StoredTensor(TargetKey($0.key.name), dtype: $0.dtype, shape: $0.shape)
      },
      metadata: source.metadata, progress: progress.update
    ) { tensor, emit in
      try source.withBytes(of: SourceKey(tensor.key.name)) { try emit($0) }
    }
    try StandardOutput.write(
      "wrote \(printable(output.path, limit: 4096)), \(source.tensors.count) tensors\n")
  }
}
