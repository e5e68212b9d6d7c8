import ArgumentParser
import Checkpoints
import Diagnostics

/// How a checkpoint is written.
struct CheckpointOutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Spread a safetensors checkpoint over files of at most this many bytes of tensors, with an "
        + "index.", valueName: "size"),
    transform: ByteSize.init(parsing:))
  var maxShardSize: ByteSize?

  @Flag(help: "In HDF5, split names at their dots into groups.")
  var grouped = false

  static let help =
    "The checkpoint to write; the ending picks the container: .safetensors, .pth, .h5."

  /// - Throws: a mistake in the command line, for `validate` to report.
  func output(_ path: String, replacing: Bool) throws -> CheckpointOutput {
    do {
      let output = try CheckpointOutput(
        path: path, largestShard: maxShardSize?.bytes, hdf5Naming: grouped ? .grouped : .flat,
        replacing: replacing)
      if grouped, output.container != .hdf5 {
        throw ValidationError("--grouped is for HDF5 (.h5)")
      }
      return output
    } catch let fault as Fault {
      throw ValidationError(fault.description)
    }
  }
}
