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
    to destination: String, replacing: Bool, record: ConversionRecord,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    let planned = Dictionary(uniqueKeysWithValues: plan.tensors.map { ($0.key, $0) })
    var writer = try SafetensorsWriter(
      destination: destination,
      entries: plan.tensors.map {
        try SafetensorsWriter.Entry($0.key, dtype: $0.dtype, shape: $0.shape)
      },
      metadata: record.metadata.merging(["format": "pt"]) { own, _ in own }, replacing: replacing)
    let order = writer.order
    for (number, entry) in order.enumerated() {
      progress(number, order.count)
      guard let tensor = planned[entry.key] else { continue }
      try located(in: .init(tensor: entry.key.name)) {
        try write(tensor, with: &writer)
      }
    }
    try writer.commit()
  }

  private func write(_ tensor: PlannedTensor, with writer: inout SafetensorsWriter) throws {
    switch tensor.action {
    case .copy(let key): try copy(key, from: source, as: tensor.dtype, with: &writer)
    case .adopt(let key):
      guard let decoderFile else {
        throw Fault(.missingTensor, "the decoder's file is not open")
      }
      try copy(key, from: decoderFile, as: tensor.dtype, with: &writer)
    case .inflate(let key, let inflation):
      try writer.write(encode(inflation.apply(to: source.floats(of: key)).values, tensor.dtype))
    case .resize(let key, let resize):
      try writer.write(encode(resize.apply(to: source.floats(of: key)).values, tensor.dtype))
    case .initialise(let initialisation):
      try writer.write(initialisation.bytes(for: tensor))
    }
  }

  private func copy(
    _ key: SourceKey, from source: any TensorSource, as dtype: DType,
    with writer: inout SafetensorsWriter
  ) throws {
    let description = try source.requiredDescription(of: key)
    if description.dtype == dtype {
      try source.withBytes(of: key) { try writer.write($0) }
    } else {
      try writer.write(encode(source.floats(of: key).values, dtype))
    }
  }

  /// - Throws: `over-range` when a number would be stored as an infinity.
  private func encode(_ values: [Float], _ dtype: DType) throws -> [UInt8] {
    // From 65520 on the nearest half-precision number is infinity.
    if dtype == .f16, let value = values.first(where: { $0.isFinite && $0.magnitude >= 65520 }) {
      throw Fault(
        .overRange, "\(value) is beyond what F16 can hold",
        remedy: "say --dtype bf16 or --dtype f32")
    }
    return try dtype.encode(values)
  }
}

extension Fault.Code {
  /// A number that the element type asked for cannot hold.
  package static let overRange = Fault.Code("over-range", exit: .invalidData)
}
