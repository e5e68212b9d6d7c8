import Diagnostics
import Files
import Tensors

/// What the user may say about a checkpoint that its content leaves open.
package struct CheckpointOpening: Sendable {
  /// The wrapper to take the state dict out of, where a PyTorch file holds several.
  package var wrapper: String?
  /// Accept safetensors files that the specification forbids and the reference implementation
  /// reads.
  package var isCompatible: Bool

  package init(wrapper: String? = nil, isCompatible: Bool = false) {
    self.wrapper = wrapper
    self.isCompatible = isCompatible
  }

  fileprivate var safetensorsMode: SafetensorsHeader.Mode { isCompatible ? .compatible : .strict }
}

/// Opens whatever checkpoint stands at `path`: a file of any format, the index of a sharded one, or
/// a folder that holds one.
///
/// - Throws: `missing-input`, `unknown-format`, or what the format's reader objects to.
package func openCheckpoint(
  at path: String, _ opening: CheckpointOpening = CheckpointOpening()
) throws -> any TensorSource {
  if isFolder(at: path) {
    if let file = try usualCheckpoint(inFolder: path) {
      return try openCheckpoint(at: file, opening)
    }
    return try openSafetensors(inFolder: path, reading: opening.safetensorsMode)
  }
  if isSafetensorsIndex(path.lastPathComponent) {
    return try ShardedSafetensorsCheckpoint(indexPath: path, reading: opening.safetensorsMode)
  }
  let file = try MappedFile(path: path)
  let place = Fault.Place(file: path)
  guard file.byteCount > 0 else {
    throw Fault(
      .truncated, "the file is empty", at: place, remedy: "fetch or copy the file again")
  }
  if try CheckpointFormat.isArchive(file) {
    let archive = try located(in: place) { try ZIPArchive(file: file) }
    switch CheckpointFormat.detect(in: archive) {
    case .torchZIP: return try TorchCheckpoint(archive: archive, wrapper: opening.wrapper)
    case .numPyArchive: return try NumPyArchive(archive: archive)
    default: throw unknownFormat(of: path)
    }
  }
  switch try CheckpointFormat.detect(in: file) {
  case .safetensors: return try SafetensorsCheckpoint(path: path, reading: opening.safetensorsMode)
  case .hdf5: return try HDF5Checkpoint(path: path)
  case .torchLegacy: return try TorchCheckpoint(legacy: file, wrapper: opening.wrapper)
  default: throw unknownFormat(of: path)
  }
}

private func unknownFormat(of path: String) -> Fault {
  Fault(
    .unknownFormat, "neither safetensors, HDF5, PyTorch nor NumPy (.npz), by its content",
    at: .init(file: path),
    remedy: "a file that begins with text may be a Git LFS pointer: fetch the real one")
}

/// What a reader may want to hear about a file whose ending belongs to another format, or nil.
package func noteOnEnding(of source: any TensorSource) -> String? {
  let ending = source.path.pathExtension.lowercased()
  let known = CheckpointFormat.allCases.filter { $0.usualEndings.contains(ending) }
  guard !known.isEmpty, let format = CheckpointFormat(rawValue: source.formatName),
    !format.usualEndings.contains(ending)
  else { return nil }
  return "its name ends in .\(ending), its content is \(format.rawValue)"
}

extension Fault.Code {
  package static let unknownFormat = Fault.Code("unknown-format", exit: .invalidData)
}
