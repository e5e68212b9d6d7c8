import Diagnostics
import Files
import FoundationEssentials
import Glibc
import Tensors

/// Opens the safetensors checkpoint that a folder holds: the shards of one index, or one
/// `model.safetensors`.
///
/// - Throws: `ambiguous-folder` when there is more than one, `missing-input` when there is none, or
///   what the checkpoint's reader objects to.
package func openSafetensors(
  inFolder path: String, reading mode: SafetensorsHeader.Mode = .strict
) throws -> any TensorSource {
  let place = Fault.Place(file: path)
  let names = try fileNames(inFolder: path)
  let found = names.filter(isSafetensorsCheckpoint)
  guard let name = found.first else {
    let others = names.filter { $0.utf8.suffix(12).elementsEqual(".safetensors".utf8) }
    throw Fault(
      .missingInput,
      "the folder holds neither model.safetensors, nor an index (*\(SafetensorsIndex.suffix)), nor "
        + "another checkpoint of a usual name",
      at: place,
      remedy: others.isEmpty ? nil : "name the file itself: \(printable(others[0]))")
  }
  guard found.count == 1 else {
    throw Fault(
      .ambiguousFolder,
      "the folder holds more than one checkpoint: "
        + found.map { printable($0) }.joined(separator: ", "),
      at: place, remedy: "name the file that you mean")
  }
  let file = path.appendingPathComponent(name)
  return isSafetensorsIndex(name)
    ? try ShardedSafetensorsCheckpoint(indexPath: file, reading: mode)
    : try SafetensorsCheckpoint(path: file, reading: mode)
}

/// The one file of another format that the hub's libraries look for in a folder, when there is no
/// safetensors checkpoint, which they prefer.
///
/// - Throws: `ambiguous-folder` when there is more than one, `missing-input` or `unreadable`.
func usualCheckpoint(inFolder path: String) throws -> String? {
  let names = try fileNames(inFolder: path)
  let found = names.filter(["model.weights.h5", "pytorch_model.bin", "tf_model.h5"].contains)
  guard !names.contains(where: isSafetensorsCheckpoint), let name = found.first else { return nil }
  guard found.count == 1 else {
    throw Fault(
      .ambiguousFolder,
      "the folder holds more than one checkpoint: \(found.joined(separator: ", "))",
      at: .init(file: path), remedy: "name the file that you mean")
  }
  return path.appendingPathComponent(name)
}

private func fileNames(inFolder path: String) throws -> [String] {
  do {
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  } catch {
    let isMissing = access(path, F_OK) != 0
    throw Fault(
      isMissing ? .missingInput : .unreadable,
      isMissing ? "there is no such folder" : "the folder cannot be read", at: .init(file: path))
  }
}

private func isSafetensorsCheckpoint(_ name: String) -> Bool {
  name == "model.safetensors" || isSafetensorsIndex(name)
}

/// Whether a file of this name is the index of a sharded checkpoint.
package func isSafetensorsIndex(_ name: String) -> Bool {
  let suffix = SafetensorsIndex.suffix.utf8
  return name.utf8.count > suffix.count && name.utf8.suffix(suffix.count).elementsEqual(suffix)
}
