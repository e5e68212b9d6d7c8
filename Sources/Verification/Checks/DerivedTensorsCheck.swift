import Architectures
import Inflation
import Tensors

/// The tables that PyTorch loads although they follow from the geometry: a wrong one gives every
/// pair of tokens another's bias.
struct DerivedTensorsCheck {
  let checkpoint: any TensorSource
  let model: RecognisedModel

  func run() throws -> Check {
    let kinds = Set(
      model.family.tensors.filter { $0.derivation == .beitRelativePositionIndex }
        .map { $0.role(at: [:]).kind })
    let keys = model.tensors.filter { kinds.contains($0.key.kind) }.map(\.value.key).sorted()
    guard !keys.isEmpty else {
      return .notApplicable(.derived, because: "the checkpoint has no such tables")
    }
    let grid = try ["gridHeight", "gridWidth", "gridDepth"].map(model.parameter)
    let expected = Initialisation.relativePositionIndices(grid: grid)
    var differences = 0
    var first: String?
    for key in keys {
      let actual = try checkpoint.integers(of: key)
      let count = zip(actual, expected).count { $0 != $1 }
      if count > 0, first == nil { first = key.name }
      differences += count
    }
    return .measured(
      .derived, Double(differences), bound: .atMost(0),
      detail: "\(keys.count) tables compared\(differences == 0 ? "" : ", in row numbers")",
      tensor: first)
  }
}
