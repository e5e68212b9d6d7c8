import Architectures
import Checkpoints
import Diagnostics
import Files
import Tensors

/// Carries a plan out: one tensor at a time, unchanged ones without being decoded.
package struct Conversion {
  package let plan: Plan
  private let source: any TensorSource
  private let decoderFile: (any TensorSource)?

  package init(plan: Plan, source: any TensorSource, decoderFile: (any TensorSource)? = nil) {
    self.plan = plan
    self.source = source
    self.decoderFile = decoderFile
  }

  /// What the conversion leaves in the output about itself.
  ///
  /// The source's digest is that of its tensors, not of its container: the same weights give the
  /// same output from whatever format they come.
  package func record() throws -> ConversionRecord {
    ConversionRecord(
      targetID: plan.target.id, parameters: plan.targetParameters,
      decoderLayers: plan.decoderLayers, options: plan.options.recorded,
      sourceDigest: try contentDigest(of: source).description)
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
      if let tensor = planned[stored.key] { try provide(tensor, to: emit) }
    }
  }

  private func provide(_ tensor: PlannedTensor, to emit: (RawSpan) throws -> Void) throws {
    switch tensor.action {
    case .copy(let key): try copy(key, from: source, as: tensor.dtype, to: emit)
    case .adopt(let key):
      guard let decoderFile else {
        throw Fault(.missingTensor, "the decoder's file is not open")
      }
      try copy(key, from: decoderFile, as: tensor.dtype, to: emit)
    case .inflate(let key, let inflation):
      try encode(inflation.apply(to: source.floats(of: key)).values, tensor.dtype, to: emit)
    case .resize(let key, let resize):
      try encode(resize.apply(to: source.floats(of: key)).values, tensor.dtype, to: emit)
    case .initialise(let initialisation):
      let bytes = try initialisation.bytes(for: tensor)
      try emit(bytes.span.bytes)
    }
  }

  private func copy(
    _ key: SourceKey, from source: any TensorSource, as dtype: DType,
    to emit: (RawSpan) throws -> Void
  ) throws {
    if try source.requiredDescription(of: key).dtype == dtype {
      return try source.withBytes(of: key) { try emit($0) }
    }
    try encode(source.floats(of: key).values, dtype, to: emit)
  }

  /// - Throws: `over-range` when a number would be stored as an infinity.
  private func encode(
    _ values: [Float], _ dtype: DType, to emit: (RawSpan) throws -> Void
  ) throws {
    // From 65520 on the nearest half-precision number is infinity.
    if dtype == .f16, let value = values.first(where: { $0.isFinite && $0.magnitude >= 65520 }) {
      throw Fault(
        .overRange, "\(value) is beyond what F16 can hold",
        remedy: "say --dtype bf16 or --dtype f32")
    }
    let bytes = try dtype.encode(values)
    try emit(bytes.span.bytes)
  }
}

extension Fault.Code {
  /// A number that the element type asked for cannot hold.
  package static let overRange = Fault.Code("over-range", exit: .invalidData)
}
