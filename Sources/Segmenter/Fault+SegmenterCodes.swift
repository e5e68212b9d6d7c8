import Diagnostics

extension Fault.Code {
  /// A weight whose shape does not fit the model that the other weights make.
  package static let weightShape = Fault.Code("weight-shape", exit: .invalidData)
  /// An input whose size the model does not take.
  package static let windowShape = Fault.Code("window-shape", exit: .invalidData)
  /// An infinite value or a NaN between two layers.
  package static let nonFiniteActivation = Fault.Code("non-finite-activation", exit: .invalidData)
  /// A geometry that the forward pass does not cover.
  package static let unsupportedModel = Fault.Code("unsupported-model", exit: .invalidData)
}
