import Architectures
import Documents
import Tensors

extension Plan {
  package static let formatVersion = 2

  /// The plan as JSON, by `Schemas/plan.schema.json`.
  package func document(sourceName: String) -> JSONValue {
    .object(documentMembers(sourceName: sourceName))
  }

  /// - Parameter norms: those of every tensor, when they are known.
  func documentMembers(
    sourceName: String, norms: [TargetKey: TensorNorms] = [:]
  ) -> [JSONValue.Member] {
    [
      .init("formatVersion", .integer(Int64(Plan.formatVersion))),
      .init("verdict", .string(verdict)),
      .init(
        "source",
        .object([
          "file": .string(sourceName), "family": .string(source.family.id),
          "prefix": .string(source.prefix), "parameters": Plan.document(source.parameters),
        ])),
      .init(
        "target",
        .object([
          "family": .string(target.id), "parameters": Plan.document(targetParameters),
          "options": targetOptions.isEmpty
            ? nil
            : .object(
              targetOptions.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
          "decoderLayers": .integers(decoderLayers),
        ])),
      .init(
        "options",
        .object(
          options.recorded(for: target).sorted { $0.key < $1.key }.map {
            .init($0.key, .string($0.value))
          })),
      .init("tensors", .array(tensors.map { $0.document(norms: norms[$0.key]) })),
      .init("dropped", .array(dropped.map(\.document))),
      .init("deviations", .array(deviations.map(\.document))),
    ]
  }

  private static func document(_ parameters: [String: Int]) -> JSONValue {
    .object(
      parameters.sorted { $0.key < $1.key }.map { .init($0.key, .integer(Int64($0.value))) })
  }
}

extension PlannedTensor {
  fileprivate func document(norms: TensorNorms?) -> JSONValue {
    .object([
      "name": .string(key.name),
      "role": .string(role.path),
      "dtype": .string(dtype.rawValue),
      "shape": .integers(shape.extents),
      "action": .string(action.rawValue),
      "inputs": .strings(inputs.map(\.name)),
      "steps": .strings(expression.steps),
      "exactness": .string(exactness.rawValue),
      "norms": norms?.document,
    ])
  }
}

extension DroppedTensor {
  var document: JSONValue {
    .object([
      "name": .string(key.name),
      "part": part.map { .string($0) },
      "rule": .string(rule.id),
      "consequence": .string(rule.consequence),
      "changesEncoder": .boolean(rule.changesEncoder),
    ])
  }
}

extension Deviation {
  var document: JSONValue {
    .object([
      "rule": .string(rule.id),
      "reason": .string(reason),
      "changesEncoder": .boolean(rule.changesEncoder),
    ])
  }
}
