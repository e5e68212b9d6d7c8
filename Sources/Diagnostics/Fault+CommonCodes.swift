extension Fault.Code {
  /// An argument or option that cannot mean anything.
  package static let usage = Fault.Code("usage", exit: .usage)
  package static let missingInput = Fault.Code("missing-input", exit: .missingInput)
  package static let unreadable = Fault.Code("unreadable", exit: .inputOutput)
  package static let cannotCreate = Fault.Code("cannot-create", exit: .cannotCreateOutput)
  package static let writeFailed = Fault.Code("write-failed", exit: .inputOutput)
  /// A JSON document that is not JSON, or not the document that its schema describes.
  package static let invalidDocument = Fault.Code("invalid-document", exit: .invalidData)
  /// The request needs more memory or time than the user allowed.
  package static let overLimit = Fault.Code("over-limit", exit: .invalidData)
}

extension Fault {
  /// The fault that an error is; errors of other kinds come of reading what cannot be read.
  package init(from error: any Error) {
    self = error as? Fault ?? Fault(.unreadable, "\(error)")
  }
}
