import Diagnostics
import Tensors

/// A checkpoint in which a family has been recognised: which tensor plays which role, and the
/// hyper-parameters that its shapes tell.
package struct RecognisedModel: Sendable {
  package let family: Family
  /// The names of the family's symbols with their values: `hidden`, `depth`, `heads`, …
  package let parameters: [String: Int]
  /// What the model was built with or without, by its family's options.
  package let options: [String: String]
  /// Hyper-parameters that no tensor tells and that have their customary values.
  package let assumed: Set<String>
  package let tensors: [Role: RecognisedTensor]
  /// Blocks whose output goes to the decoder, counted from 0.
  package let decoderLayers: [Int]
  /// What stood before every name: `encoder.`, `module.`, or nothing.
  package let prefix: String
  package let hasDecoder: Bool
  /// The description of the decoder, when it is not the family's own.
  package let component: Family?
  /// Tensors that the family's description drops by a named rule.
  package let drops: [SourceKey: DropRule]
  /// Tensors of the checkpoint that the family's description does not speak of.
  package let unclaimed: [SourceKey]
  /// What our own converter wrote into the checkpoint, if it did.
  package let record: ConversionRecord?

  /// - Throws: `missing-hyper-parameter` when neither shapes nor flags told it.
  package func parameter(_ name: String) throws -> Int {
    guard let value = parameters[name] else {
      throw Fault(
        .missingHyperParameter,
        "the tensors' shapes do not tell \(name) of this \(family.title) checkpoint",
        remedy: name == "heads" ? "say --heads N" : nil)
    }
    return value
  }

  package func key(of role: Role) -> SourceKey? { tensors[role]?.key }

  /// Which tensor every role has, in the roles' order.
  package var sortedKeys: [(role: Role, key: SourceKey)] {
    tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value.key) }
  }

  /// - Throws: `missing-tensor` when no tensor of the checkpoint plays the role.
  package func requiredKey(for role: Role) throws -> SourceKey {
    guard let tensor = tensors[role] else {
      throw Fault(
        .missingTensor, "no tensor of this \(family.title) checkpoint is its \(role)")
    }
    return tensor.key
  }

  /// The way from a stored tensor to its role's canonical form, or nil when they are the same.
  ///
  /// - Throws: `unsupported-geometry` when the shape does not fit the family's layout.
  package func rearrangement(of role: Role, from shape: Shape) throws -> Rearrangement? {
    guard let tensor = tensors[role], let layout = tensor.rule.layout else { return nil }
    return try layout.toCanonical(from: shape, given: parameters, at: tensor.indices)
  }

  /// The size of the image that the token grid stands for, in voxels: height, width and, for a 3D
  /// model, depth.
  package func imageSize() throws -> [Int] {
    let axes = family.dimensions == 2 ? ["Height", "Width"] : ["Height", "Width", "Depth"]
    return try axes.map { try parameter("grid\($0)") * parameter("patch\($0)") }
  }
}

/// A tensor of a checkpoint and the line of the family's description that it goes by.
package struct RecognisedTensor: Sendable {
  package let key: SourceKey
  package let rule: TensorRule
  package let indices: Indices
}

extension Fault.Code {
  package static let missingHyperParameter = Fault.Code(
    "missing-hyper-parameter", exit: .invalidData)
  package static let unrecognisedFamily = Fault.Code("unrecognised-family", exit: .invalidData)
  package static let ambiguousFamily = Fault.Code("ambiguous-family", exit: .invalidData)
}
