import Architectures
import Diagnostics
import Tensors

/// Names, shapes and element types against the family's description.
struct StructureCheck {
  let checkpoint: any TensorSource
  let model: RecognisedModel

  func run() -> Check {
    if let stranger = model.unclaimed.first {
      let others = model.unclaimed.count > 1 ? " (and \(model.unclaimed.count - 1) more)" : ""
      return .fallsShort(
        .structure, detail: "no tensor of \(model.family.title) has this name\(others)",
        tensor: stranger.name)
    }
    for tensor in checkpoint.tensors where !isWeightOrBuffer(tensor) {
      return .fallsShort(
        .structure, detail: "\(tensor.dtype) is no element type of a weight",
        tensor: tensor.key.name)
    }
    return .measured(
      .structure, Double(checkpoint.tensors.count), bound: nil,
      detail: "\(checkpoint.tensors.count) tensors of \(model.family.title)")
  }

  private func isWeightOrBuffer(_ tensor: TensorDescription) -> Bool {
    tensor.dtype.isFloatingPoint || tensor.dtype == .i64
  }

  /// What the recogniser objected to, as a check that falls short.
  static func check(for fault: Fault) -> Check {
    .fallsShort(.structure, detail: fault.reason, tensor: fault.place.tensor)
  }
}
