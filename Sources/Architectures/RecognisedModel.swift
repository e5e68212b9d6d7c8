import Diagnostics
import Tensors

/// A checkpoint in which a family has been recognised: which tensor plays which role, and the
/// hyper-parameters that its shapes tell.
package struct RecognisedModel: Sendable {
  package let family: Family
  /// The names of the family's symbols with their values: `hidden`, `depth`, `heads`, …
  package let parameters: [String: Int]
  package let keys: [Role: SourceKey]
  /// Blocks whose output goes to the decoder, counted from 0.
  package let decoderLayers: [Int]
  /// What stood before every name: `encoder.`, `module.`, or nothing.
  package let prefix: String
  /// Tensors of the checkpoint that the family's description does not speak of.
  package let unclaimed: [SourceKey]

  /// - Throws: `missing-hyper-parameter` when neither shapes nor flags told it.
  package func parameter(_ name: String) throws -> Int {
    guard let value = parameters[name] else {
      throw Fault(
        .missingHyperParameter,
        "the tensors' shapes do not tell \(name) of this \(family.title) checkpoint",
        remedy: "give it on the command line or in a config.json beside the checkpoint")
    }
    return value
  }

  /// - Throws: `missing-tensor` when no tensor of the checkpoint plays the role.
  package func requiredKey(for role: Role) throws -> SourceKey {
    guard let key = keys[role] else {
      throw Fault(
        .missingTensor, "no tensor of this \(family.title) checkpoint is its \(role)")
    }
    return key
  }
}

extension Fault.Code {
  package static let missingHyperParameter = Fault.Code(
    "missing-hyper-parameter", exit: .invalidData)
}
