import ArgumentParser
import Checkpoints
import Diagnostics
import Tensors

/// How checkpoints are opened, where their content leaves something to say.
struct OpeningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The state dict to take, where a PyTorch file holds several: teacher, model_ema, …",
      valueName: "name"))
  var wrapper: String?

  @Flag(help: "Accept safetensors files that the specification forbids and its library reads.")
  var compatible = false

  /// Opens a checkpoint, and mentions a name that promises another format.
  func open(_ path: String) throws -> any TensorSource {
    let source = try openCheckpoint(
      at: path, CheckpointOpening(wrapper: wrapper, isCompatible: compatible))
    if let note = noteOnEnding(of: source) {
      StandardError.write("note: \(printable(path, limit: 4096)): \(note)\n")
    }
    return source
  }
}
