import Diagnostics

extension Fault.Code {
  /// A pickle that ends within an opcode, or before its STOP.
  package static let pickleTruncated = Fault.Code("pickle-truncated", exit: .invalidData)
  /// A pickle of another protocol than 2, which is the one that `torch.save` writes.
  package static let pickleProtocol = Fault.Code("pickle-protocol", exit: .invalidData)
  /// An opcode that is unknown, or that no pickle of protocol 2 needs.
  package static let pickleOpcode = Fault.Code("pickle-opcode", exit: .invalidData)
  /// An opcode that takes more from the stack than there is, or leaves something on it.
  package static let pickleStack = Fault.Code("pickle-stack", exit: .invalidData)
  package static let pickleMemo = Fault.Code("pickle-memo", exit: .invalidData)
  /// An opcode that is applied to a kind of value that it does not work on.
  package static let pickleType = Fault.Code("pickle-type", exit: .invalidData)
  package static let pickleText = Fault.Code("pickle-text", exit: .invalidData)
  package static let pickleLimit = Fault.Code("pickle-limit", exit: .invalidData)
  /// A value that contains itself.
  package static let pickleCycle = Fault.Code("pickle-cycle", exit: .invalidData)
  package static let pickleTrailingBytes = Fault.Code("pickle-trailing-bytes", exit: .invalidData)
  package static let pickleDuplicateKey = Fault.Code("pickle-duplicate-key", exit: .invalidData)
  /// A name out of Python's modules that no state dict needs.
  package static let forbiddenPickleGlobal = Fault.Code(
    "forbidden-pickle-global", exit: .invalidData)

  /// A ZIP archive without what `torch.save` puts into one.
  package static let torchArchive = Fault.Code("torch-archive", exit: .invalidData)
  package static let torchVersion = Fault.Code("torch-version", exit: .invalidData)
  package static let torchByteOrder = Fault.Code("torch-byte-order", exit: .invalidData)
  package static let torchScript = Fault.Code("torch-script", exit: .invalidData)
  package static let torchCompressed = Fault.Code("torch-compressed", exit: .invalidData)
  /// A pickle outside a ZIP archive that `torch.save` did not write.
  package static let torchLegacy = Fault.Code("torch-legacy", exit: .invalidData)
  /// A persistent id that names no storage.
  package static let torchPersistentID = Fault.Code("torch-persistent-id", exit: .invalidData)
  package static let torchMissingStorage = Fault.Code("torch-missing-storage", exit: .invalidData)
  package static let torchStorageSize = Fault.Code("torch-storage-size", exit: .invalidData)
  /// Storages that were never written, as `torch.serialization.skip_data` leaves them.
  package static let torchSkippedData = Fault.Code("torch-skipped-data", exit: .invalidData)
  /// A tensor whose recipe does not follow `torch._utils`.
  package static let torchTensor = Fault.Code("torch-tensor", exit: .invalidData)
  package static let torchElementType = Fault.Code("torch-element-type", exit: .invalidData)
  /// A view that does not lie in its storage.
  package static let torchView = Fault.Code("torch-view", exit: .invalidData)
  /// Tensors that repeat the same few bytes beyond all need.
  package static let torchViewLimit = Fault.Code("torch-view-limit", exit: .invalidData)

  package static let noStateDictionary = Fault.Code("no-state-dict", exit: .invalidData)
  /// Several state dicts, of which the user has to choose one.
  package static let ambiguousStateDictionary = Fault.Code(
    "ambiguous-state-dict", exit: .invalidData)
  package static let missingWrapper = Fault.Code("missing-wrapper", exit: .invalidData)
}
