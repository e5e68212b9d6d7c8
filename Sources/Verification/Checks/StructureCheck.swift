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
    if let wrong = wrongElementType { return wrong }
    return .measured(
      .structure, Double(checkpoint.tensors.count), bound: nil,
      detail: "\(checkpoint.tensors.count) tensors of \(model.family.title)")
  }

  /// A weight that is no real number, or a table of row numbers that is none; nothing can be
  /// computed with such a checkpoint.
  var wrongElementType: Check? {
    let derived = Set(
      model.family.tensors.filter { $0.derivation != nil }.map { $0.role(at: [:]).kind })
    for (role, key) in model.sortedKeys {
      guard let dtype = checkpoint.description(of: key)?.dtype else { continue }
      let isTable = derived.contains(role.kind)
      let isRight =
        isTable
        ? dtype == .i64
        : dtype.isFloatingPoint || (dtype == .i64 && role.isCount)
      guard !isRight else { continue }
      return .fallsShort(
        .structure,
        detail: "\(dtype) is no element type of \(isTable ? "a table of row numbers" : "a weight")",
        tensor: key.name)
    }
    return nil
  }

  /// What the recogniser objected to, as a check that falls short.
  static func check(for fault: Fault) -> Check {
    .fallsShort(.structure, detail: fault.reason, tensor: fault.place.tensor)
  }
}
