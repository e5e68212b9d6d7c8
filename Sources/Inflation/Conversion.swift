import Architectures
import Checkpoints
import Diagnostics
import Files
import Tensors

/// Carries a plan out: one tensor at a time, unchanged ones without being decoded.
package struct Conversion {
  package let plan: Plan
  private let evaluator: ExpressionEvaluator

  package init(plan: Plan, source: any TensorSource, decoderFile: (any TensorSource)? = nil) {
    self.plan = plan
    evaluator = ExpressionEvaluator(source: source, decoderFile: decoderFile)
  }

  /// What the plan has in the place of a target tensor, in the shape in which it is stored and before
  /// it is rounded to its element type.
  ///
  /// - Throws: `non-finite-weight`, and what reading the source brings up.
  package func values(of tensor: PlannedTensor) throws -> FloatTensor {
    try evaluator.floats(tensor.expression)
  }

  /// The checkpoint that an input of the expression is read from.
  ///
  /// - Throws: `missing-tensor` when it is the decoder's file and that is not open.
  func source(
    of input: TensorDescription, in expression: TensorExpression
  ) throws -> any TensorSource {
    expression.sourceKeys.contains(input.key)
      ? evaluator.source : try evaluator.openDecoderFile()
  }

  /// What the conversion leaves in the output about itself.
  ///
  /// The source's digest is that of its tensors, not of its container: the same weights give the
  /// same output from whatever format they come.
  package func record() throws -> ConversionRecord {
    ConversionRecord(
      targetID: plan.target.id, parameters: plan.targetParameters,
      targetOptions: plan.targetOptions, decoderLayers: plan.decoderLayers,
      options: plan.options.recorded(for: plan.target),
      sourceDigest: try contentDigest(of: evaluator.source).description)
  }

  /// Writes the target checkpoint; it appears under its name whole or not at all.
  ///
  /// - Parameter progress: called before each tensor with its number, from 0.
  /// - Throws: `cannot-create`, `write-failed`, or what reading the source brings up.
  package func write(
    to output: CheckpointOutput, record: ConversionRecord,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    let planned = Dictionary(uniqueKeysWithValues: plan.tensors.map { ($0.key, $0) })
    try output.write(
      plan.tensors.map { try StoredTensor($0.key, dtype: $0.dtype, shape: $0.shape) },
      metadata: record.metadata.merging(["format": "pt"]) { own, _ in own }, progress: progress
    ) { stored, emit in
      guard let tensor = planned[stored.key] else { return }
      try evaluator.provide(tensor.expression, as: tensor.dtype, to: emit)
    }
  }
}
