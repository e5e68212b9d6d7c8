import Diagnostics

extension Fault.Code {
  /// No entry of the catalogue has this id.
  package static let unknownModel = Fault.Code("unknown-model", exit: .missingInput)
  /// Two entries claim one id.
  package static let duplicateModel = Fault.Code("duplicate-model", exit: .invalidData)
  /// The entry does not say which bytes are the right ones.
  package static let unknownDigest = Fault.Code("unknown-digest", exit: .invalidData)
  package static let mirrorUnavailable = Fault.Code(
    "mirror-unavailable", exit: .mirrorUnavailable)
  package static let notInMirror = Fault.Code("not-in-mirror", exit: .mirrorUnavailable)
  /// A name inside the mirror leads to something outside of it.
  package static let outsideMirror = Fault.Code("outside-mirror", exit: .invalidData)
  /// A folder, device, pipe or socket where a file should be.
  package static let notRegularFile = Fault.Code("not-a-regular-file", exit: .invalidData)
  package static let wrongSize = Fault.Code("wrong-size", exit: .invalidData)
  package static let wrongDigest = Fault.Code("wrong-digest", exit: .invalidData)
  /// The file became shorter while it was read.
  package static let changedWhileReading = Fault.Code("changed-while-reading", exit: .inputOutput)
  package static let notFetched = Fault.Code("not-fetched", exit: .missingInput)
  /// The store has a file of this name which is not the one that the entry describes.
  package static let differsFromEntry = Fault.Code("differs-from-entry", exit: .cannotCreateOutput)
  package static let noSpace = Fault.Code("no-space", exit: .cannotCreateOutput)
}
