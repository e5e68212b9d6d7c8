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
  package let hasDecoder: Bool
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

  /// - Throws: `missing-tensor` when no tensor of the checkpoint plays the role.
  package func requiredKey(for role: Role) throws -> SourceKey {
    guard let key = keys[role] else {
      throw Fault(
        .missingTensor, "no tensor of this \(family.title) checkpoint is its \(role)")
    }
    return key
  }

  /// The size of the image that the token grid stands for, in voxels: height, width and, for a 3D
  /// model, depth.
  package func imageSize() throws -> [Int] {
    let axes = family.dimensions == 2 ? ["Height", "Width"] : ["Height", "Width", "Depth"]
    return try axes.map { try parameter("grid\($0)") * parameter("patch\($0)") }
  }
}

extension Fault.Code {
  package static let missingHyperParameter = Fault.Code(
    "missing-hyper-parameter", exit: .invalidData)
  package static let unrecognisedFamily = Fault.Code("unrecognised-family", exit: .invalidData)
  package static let ambiguousFamily = Fault.Code("ambiguous-family", exit: .invalidData)
}
