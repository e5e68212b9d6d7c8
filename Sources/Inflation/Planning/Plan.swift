import Architectures
import Tensors

/// What a conversion will do, tensor by tensor, before anything is written.
///
/// Every target tensor has an expression; every source tensor is an input of one or has a rule that
/// drops it. ``PlanBuilder`` makes plans and checks that.
package struct Plan: Sendable {
  package let source: RecognisedModel
  package let target: Family
  package let targetParameters: [String: Int]
  package let targetOptions: [String: String]
  package let decoderLayers: [Int]
  package let options: ConversionOptions
  /// In ascending order of the key.
  package let tensors: [PlannedTensor]
  /// In ascending order of the key.
  package let dropped: [DroppedTensor]
  /// What the target computes otherwise though no tensor says so, such as its activation.
  package let deviations: [Deviation]

  /// One line that says how much of the source the target computes.
  package var verdict: String {
    let rules = dropped.map(\.rule) + deviations.map(\.rule)
    let losses = Set(rules.filter(\.changesEncoder).map(\.id)).sorted()
    if !losses.isEmpty { return "lossy: \(losses.joined(separator: ", "))" }
    var limits: [String] = []
    let resized = Set(tensors.filter { $0.exactness == .resized }.map(\.role.resizedPart)).sorted()
    if !resized.isEmpty { limits.append("the resizing of the \(resized.joined(separator: ", "))") }
    if tensors.contains(where: { $0.exactness == .boundary }) {
      limits.append("the first and last slices in the decoder")
    }
    if tensors.contains(where: { $0.exactness == .narrowed }) {
      limits.append("the rounding of derived weights to a narrower type")
    }
    let tokens = Set(rules.filter { $0.effect == .tokens }.map(\.id)).sorted()
    if !tokens.isEmpty { limits.append("the dropped \(tokens.joined(separator: ", "))") }
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
  package let expression: TensorExpression
  package let exactness: Exactness

  package var action: Action { expression.action }
  package var inputs: [SourceKey] { expression.inputs.map(\.key) }
  package var detail: String? {
    let steps = expression.steps
    return steps.isEmpty ? nil : steps.joined(separator: "; ")
  }
}

package struct DroppedTensor: Sendable {
  package let key: SourceKey
  /// What of the tensor is dropped, when the rest is used: `rows 8–15`.
  package let part: String?
  package let rule: DropRule
}

/// A difference between what source and target compute that no tensor shows.
package struct Deviation: Sendable {
  package let rule: DropRule
  package let reason: String
}

extension Role {
  /// What a reader calls the tensor when it is resized.
  fileprivate var resizedPart: String {
    switch true {
    case path.hasPrefix("patchEmbedding"): "patch embedding"
    case path.hasPrefix("positionEmbedding"): "position embedding"
    case path.hasSuffix("relativePositionBias"): "relative position bias"
    default: "decoder"
    }
  }
}
