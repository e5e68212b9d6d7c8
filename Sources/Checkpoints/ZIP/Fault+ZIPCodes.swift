import Diagnostics

extension Fault.Code {
  /// An end record that contradicts the file or the zip64 end record.
  package static let zipEndRecord = Fault.Code("zip-end-record", exit: .invalidData)
  package static let zipMultipleDisks = Fault.Code("zip-multiple-disks", exit: .invalidData)
  /// A central directory that contradicts itself or the end record.
  package static let zipDirectory = Fault.Code("zip-directory", exit: .invalidData)
  /// A member's own header that contradicts the central directory.
  package static let zipLocalHeader = Fault.Code("zip-local-header", exit: .invalidData)
  package static let zipExtraField = Fault.Code("zip-extra-field", exit: .invalidData)
  package static let zipEncrypted = Fault.Code("zip-encrypted", exit: .invalidData)
  /// Sound ZIP of a kind that checkpoints are not written with.
  package static let zipUnsupported = Fault.Code("zip-unsupported", exit: .invalidData)
  package static let zipName = Fault.Code("zip-name", exit: .invalidData)
  package static let zipDuplicateName = Fault.Code("zip-duplicate-name", exit: .invalidData)
  /// A member that is not where members can be.
  package static let zipExtent = Fault.Code("zip-extent", exit: .invalidData)
  package static let zipOverlap = Fault.Code("zip-overlap", exit: .invalidData)
  package static let zipLimit = Fault.Code("zip-limit", exit: .invalidData)
  /// Few bytes that declare to be very many.
  package static let zipBomb = Fault.Code("zip-bomb", exit: .invalidData)
  /// Deflated data that do not inflate to what is declared.
  package static let zipDeflate = Fault.Code("zip-deflate", exit: .invalidData)
  package static let zipChecksum = Fault.Code("zip-checksum", exit: .invalidData)
}

extension Fault {
  /// A fault of an archive, with the offset that it is seen at.
  static func zip(_ code: Code, _ reason: String, at offset: Int) -> Fault {
    let isDamage: Set<Code> = [
      .zipEndRecord, .zipDirectory, .zipLocalHeader, .zipExtraField, .zipExtent, .zipDeflate,
      .zipChecksum,
    ]
    return Fault(
      code, reason, at: .init(byteOffset: UInt64(max(0, offset))),
      remedy: isDamage.contains(code)
        ? "the file is damaged: fetch, copy or write it again" : nil)
  }
}
