import Diagnostics
import Files
import Tensors

/// The containers that a checkpoint comes in, told apart by content and never by name.
package enum CheckpointFormat: String, Sendable, CaseIterable {
  case safetensors
  case hdf5 = "HDF5"
  case torchZIP = "PyTorch"
  case torchLegacy = "PyTorch (legacy)"
  case numPyArchive = "NumPy archive"

  /// The endings that files of this format usually have.
  package var usualEndings: [String] {
    switch self {
    case .safetensors: ["safetensors"]
    case .hdf5: ["h5", "hdf5", "keras"]
    case .torchZIP, .torchLegacy: ["pth", "pt", "bin", "ckpt", "tar"]
    case .numPyArchive: ["npz"]
    }
  }

  /// Whether the file is a ZIP archive, whose members tell the format.
  static func isArchive(_ file: MappedFile) throws -> Bool {
    try file.withBytes { bytes in
      hasPrefix(bytes, [0x50, 0x4B, 0x03, 0x04]) || hasPrefix(bytes, [0x50, 0x4B, 0x05, 0x06])
    }
  }

  /// The format that an archive's members show, or nil when they show none.
  static func detect(in archive: ZIPArchive) -> CheckpointFormat? {
    if TorchCheckpoint.recognises(archive) { return .torchZIP }
    return NumPyArchive.recognises(archive) ? .numPyArchive : nil
  }

  /// The format that the content of any other file shows, or nil when it shows none.
  static func detect(in file: MappedFile) throws -> CheckpointFormat? {
    try file.withBytes { bytes in
      if hasPrefix(bytes, hdf5Signature) { return .hdf5 }
      if TorchCheckpoint.recognisesLegacy(bytes) { return .torchLegacy }
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
