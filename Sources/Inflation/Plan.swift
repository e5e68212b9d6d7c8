import Architectures
import Tensors

/// What a conversion will do, tensor by tensor, before anything is written.
///
/// Every target tensor has an action; every source tensor is an input of one or has a rule that
/// drops it. ``PlanBuilder`` makes plans and checks that.
package struct Plan: Sendable {
  package let source: RecognisedModel
  package let target: Family
  package let targetParameters: [String: Int]
  package let decoderLayers: [Int]
  package let options: ConversionOptions
  /// In ascending order of the key.
  package let tensors: [PlannedTensor]
  /// In ascending order of the key.
  package let dropped: [DroppedTensor]

  /// One line that says how much of the source the target computes.
  package var verdict: String {
    let losses = Set(dropped.filter(\.rule.changesEncoder).map(\.rule.id)).sorted()
    if !losses.isEmpty { return "lossy: \(losses.joined(separator: ", "))" }
    var limits: [String] = []
    if tensors.contains(where: { $0.exactness == .resized }) {
      limits.append("the resizing of the relative position bias")
    }
    if tensors.contains(where: { $0.exactness == .narrowed }) {
      limits.append("the rounding of derived weights to a narrower type")
    }
    if tensors.contains(where: { $0.exactness == .initialised }) {
      limits.append("what is initialised because the source has none")
    }
    return limits.isEmpty ? "exact" : "exact up to \(limits.joined(separator: " and "))"
  }
}

package struct PlannedTensor: Sendable {
  package let key: TargetKey
  package let role: Role
  package let dtype: DType
  package let shape: Shape
  package let action: Action
  package let exactness: Exactness
}

/// How a target tensor comes about.
package enum Action: Sendable, Equatable {
  /// The source's bytes, re-encoded only when the element type changes.
  case copy(SourceKey)
  case inflate(SourceKey, PatchEmbeddingInflation)
  case resize(SourceKey, RelativePositionBiasResize)
  case initialise(Initialisation)
  /// A tensor of the file that `--decoder-init from:FILE` names.
  case adopt(SourceKey)

  package var name: String {
    switch self {
    case .copy: "copy"
    case .inflate: "inflate"
    case .resize: "resize"
    case .initialise: "initialise"
    case .adopt: "adopt"
    }
  }

  package var input: SourceKey? {
    switch self {
    case .copy(let key), .inflate(let key, _), .resize(let key, _), .adopt(let key): key
    case .initialise: nil
    }
  }

  package var detail: String? {
    switch self {
    case .copy: nil
    case .adopt: "from the decoder's file"
    case .inflate(_, let inflation):
      "\(inflation.strategy.rawValue) over \(inflation.depth) slices, "
        + "channels \(inflation.channels.rawValue)"
    case .resize(_, let resize):
      "\(resize.method.rawValue) "
        + "\(resize.sourceGrid.map(String.init).joined(separator: "×")) → "
        + "\(resize.targetGrid.map(String.init).joined(separator: "×"))"
    case .initialise(let initialisation): initialisation.summary
    }
  }
}

/// What is known of a target tensor's effect without running the model.
package enum Exactness: String, Sendable, CaseIterable {
  /// Bit-equal to the source, or computing the same up to 32-bit rounding.
  case exact
  /// Derived by arithmetic and stored in fewer bits than it was computed in.
  case narrowed
  /// An interpolation to another grid.
  case resized
  /// Not from the source.
  case initialised
}

package struct DroppedTensor: Sendable {
  package let key: SourceKey
  package let rule: DropRule
}
