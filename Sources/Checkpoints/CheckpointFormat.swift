import Diagnostics
import Files
import Tensors

/// The containers that a checkpoint comes in, told apart by content and never by name.
package enum CheckpointFormat: String, Sendable, CaseIterable {
  case safetensors = "safetensors"
  case hdf5 = "HDF5"
  case zip = "ZIP archive"

  /// The format that the file's first bytes show, or nil when they show none.
  package static func detect(in file: MappedFile) throws -> CheckpointFormat? {
    try file.withBytes { bytes in
      if hasHDF5Signature(bytes) { return .hdf5 }
      if hasPrefix(bytes, [0x50, 0x4B, 0x03, 0x04]) || hasPrefix(bytes, [0x50, 0x4B, 0x05, 0x06]) {
        return .zip
      }
      return looksLikeSafetensors(bytes) ? .safetensors : nil
    }
  }

  /// The signature stands at byte 0, or after a user block at 512, 1024, 2048, …
  private static func hasHDF5Signature(_ bytes: RawSpan) -> Bool {
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    var offset = 0
    while offset <= bytes.byteCount - signature.count {
      if hasPrefix(bytes, signature, at: offset) { return true }
      offset = offset == 0 ? 512 : offset * 2
    }
    return false
  }

  /// A length of at most a hundred million and a brace after it: the reader itself says what is
  /// wrong with the rest.
  private static func looksLikeSafetensors(_ bytes: RawSpan) -> Bool {
    hasPrefix(bytes, [UInt8(ascii: "{")], at: SafetensorsHeader.lengthByteCount)
      || (bytes.byteCount >= SafetensorsHeader.lengthByteCount
        && bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self).littleEndian
          <= SafetensorsHeader.maximumByteCount)
  }

  private static func hasPrefix(_ bytes: RawSpan, _ prefix: [UInt8], at offset: Int = 0) -> Bool {
    bytes.byteCount >= offset + prefix.count
      && prefix.indices.allSatisfy {
        bytes.unsafeLoad(fromByteOffset: offset + $0, as: UInt8.self) == prefix[$0]
      }
  }
}

/// Opens whatever checkpoint stands at `path`.
///
/// - Throws: `missing-input`, `unknown-format`, or what the format's reader objects to.
package func openCheckpoint(at path: String) throws -> any TensorSource {
  let file = try MappedFile(path: path)
  let place = Fault.Place(file: path)
  guard file.byteCount > 0 else {
    throw Fault(
      .truncated, "the file is empty", at: place, remedy: "fetch or copy the file again")
  }
  switch try CheckpointFormat.detect(in: file) {
  case .safetensors: return try SafetensorsCheckpoint(path: path)
  case .hdf5: return try HDF5Checkpoint(path: path)
  case .zip:
    throw Fault(
      .unknownFormat, "a ZIP archive (PyTorch .pth or NumPy .npz), which this release cannot read",
      at: place, remedy: "save the state dict as safetensors or with h5py")
  case nil:
    throw Fault(
      .unknownFormat, "neither a safetensors nor an HDF5 file, by its first bytes", at: place)
  }
}

extension Fault.Code {
  package static let unknownFormat = Fault.Code("unknown-format", exit: .invalidData)
}
