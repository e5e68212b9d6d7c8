import Architectures
import Inflation
import Tensors

/// The tables that PyTorch loads although they follow from the geometry: a wrong one gives every
/// pair of tokens another's bias.
struct DerivedTensorsCheck {
  let checkpoint: any TensorSource
  let model: RecognisedModel

  func run() throws -> Check {
    let tables = model.tensors.values.compactMap { tensor in
      tensor.rule.derivation.map { (key: tensor.key, derivation: $0) }
    }.sorted { $0.key < $1.key }
    guard !tables.isEmpty else {
      return .notApplicable(.derived, because: "the checkpoint has no such tables")
    }
    // All of a model's tables are the same.
    var expected: [TensorRule.Derivation: [Int64]] = [:]
    var differences = 0
    var first: String?
    for (key, derivation) in tables {
      let numbers =
        try expected[derivation]
        ?? Initialisation(derivation, parameter: model.parameter).rowNumbers
      expected[derivation] = numbers
      let actual = try checkpoint.integers(of: key)
      let count =
        actual.count == numbers.count ? zip(actual, numbers).count { $0 != $1 } : actual.count
      if count > 0, first == nil { first = key.name }
      differences += count
    }
    return .measured(
      .derived, Double(differences), bound: .atMost(0),
      detail: "\(tables.count) tables compared\(differences == 0 ? "" : ", in row numbers")",
      tensor: first)
  }
}
