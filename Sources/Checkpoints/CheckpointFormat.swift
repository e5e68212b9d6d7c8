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
      if hasPrefix(bytes, hdf5Signature) { return .hdf5 }
      if hasPrefix(bytes, [0x50, 0x4B, 0x03, 0x04]) || hasPrefix(bytes, [0x50, 0x4B, 0x05, 0x06]) {
        return .zip
      }
      let hasHeaderLength = hasPlausibleHeaderLength(bytes)
      if hasHeaderLength,
        hasPrefix(bytes, [UInt8(ascii: "{")], at: SafetensorsHeader.lengthByteCount)
      {
        return .safetensors
      }
      if hasHDF5UserBlock(bytes) { return .hdf5 }
      // A damaged safetensors file: its reader says what is wrong with it.
      return hasHeaderLength ? .safetensors : nil
    }
  }

  private static let hdf5Signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// An HDF5 file may begin with a block of the user's own, of 512, 1024, 2048, … bytes.
  private static func hasHDF5UserBlock(_ bytes: RawSpan) -> Bool {
    var offset = 512
    while offset < bytes.byteCount {
      if hasPrefix(bytes, hdf5Signature, at: offset) { return true }
      offset *= 2
    }
    return false
  }

  private static func hasPlausibleHeaderLength(_ bytes: RawSpan) -> Bool {
    bytes.byteCount >= SafetensorsHeader.lengthByteCount
      && bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self).littleEndian
        <= SafetensorsHeader.maximumByteCount
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
