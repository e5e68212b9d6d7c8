import Diagnostics

extension Fault.Code {
  /// A member of the archive that is no array.
  package static let numpyMember = Fault.Code("numpy-member", exit: .invalidData)
  package static let numpyHeader = Fault.Code("numpy-header", exit: .invalidData)
  /// Elements that are no numbers, or numbers that no tensor holds.
  package static let numpyElementType = Fault.Code("numpy-element-type", exit: .invalidData)
  /// An array whose shape its member does not hold.
  package static let numpySize = Fault.Code("numpy-size", exit: .invalidData)
}
