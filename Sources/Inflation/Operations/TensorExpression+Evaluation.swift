import Diagnostics
import Tensors

/// Reads what expressions are made from and carries them out.
struct ExpressionEvaluator {
  let source: any TensorSource
  /// The file of `--decoder-init from:FILE`.
  let decoderFile: (any TensorSource)?

  /// Hands the expression's bytes over in `dtype`, in one piece, as writers take them.
  ///
  /// - Throws: `non-finite-weight` for a source that holds NaN or infinities, `over-range` when a
  ///   number would be stored as an infinity.
  func provide(
    _ expression: TensorExpression, as dtype: DType, to emit: (RawSpan) throws -> Void
  ) throws {
    if expression.onlyMoves(dtype) {
      guard expression.comesInPieces else {
        return try move(expression, width: dtype.bitWidth / 8, emit)
      }
      let bytes = try whole(expression, width: dtype.bitWidth / 8)
      return try emit(bytes.span.bytes)
    }
    if case .initialised(let initialisation, let shape) = expression {
      let bytes = try initialisation.bytes(shape, as: dtype)
      return try emit(bytes.span.bytes)
    }
    let values = try floats(expression).values
    // From 65520 on the nearest half-precision number is infinity.
    if dtype == .f16, let value = values.first(where: { $0.isFinite && $0.magnitude >= 65520 }) {
      throw Fault(
        .overRange, "\(value) is beyond what F16 can hold",
        remedy: "say --dtype bf16 or --dtype f32")
    }
    let bytes = try dtype.encode(values)
    try emit(bytes.span.bytes)
  }

  private func open(_ expression: TensorExpression) throws -> any TensorSource {
    guard case .adopted = expression else { return source }
    return try openDecoderFile()
  }

  /// - Throws: `missing-tensor` when it is not open.
  func openDecoderFile() throws -> any TensorSource {
    guard let decoderFile else {
      throw Fault(.missingTensor, "the decoder's file is not open")
    }
    return decoderFile
  }

  /// A weight that is no number makes every output of the model one.
  private func checkFinite(
    _ element: Int?, _ description: TensorDescription, in holder: any TensorSource
  ) throws {
    guard let element else { return }
    throw Fault(
      .nonFiniteWeight, "element \(element) is NaN or infinite, and so would be the model's output",
      at: .init(file: holder.path, tensor: description.key.name),
      remedy: "take the checkpoint from before its training diverged")
  }

  private func move(
    _ expression: TensorExpression, width: Int, _ emit: (RawSpan) throws -> Void
  ) throws {
    switch expression {
    case .source(let description), .adopted(let description):
      let holder = try open(expression)
      try holder.withBytes(of: description.key) {
        try checkFinite(description.dtype.firstNonFinite(in: $0), description, in: holder)
        try emit($0)
      }
    case .joined(let parts, _):
      for part in parts { try move(part, width: width, emit) }
    case .rearranged(let part, let rearrangement) where rearrangement.movesNothing:
      try move(part, width: width, emit)
    case .rearranged(let part, let rearrangement):
      let bytes = try whole(part, width: width)
      let moved = rearrangement.applied(to: bytes.span.bytes, width: width)
      try emit(moved.span.bytes)
    case .rows(.source(let description), let range, let shape):
      let row = shape.elementCount / max(range.count, 1) * width
      try source.withBytes(of: description.key) {
        let rows = $0.extracting(range.lowerBound * row..<range.upperBound * row)
        try checkFinite(description.dtype.firstNonFinite(in: rows), description, in: source)
        try emit(rows)
      }
    case .rows(let part, let range, let shape):
      let row = shape.elementCount / max(range.count, 1) * width
      let bytes = try whole(part, width: width)
      try emit(bytes.span.bytes.extracting(range.lowerBound * row..<range.upperBound * row))
    case .initialised, .computed: break
    }
  }

  private func whole(_ expression: TensorExpression, width: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(expression.shape.elementCount * width)
    try move(expression, width: width) { span in
      span.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  func floats(_ expression: TensorExpression) throws -> FloatTensor {
    switch expression {
    case .source(let description), .adopted(let description):
      let holder = try open(expression)
      let tensor = try holder.floats(of: description.key)
      try checkFinite(tensor.values.firstIndex { !$0.isFinite }, description, in: holder)
      return tensor
    case .initialised(let initialisation, let shape):
      return try FloatTensor(shape: shape, values: initialisation.values(shape.elementCount))
    case .rearranged(let part, let rearrangement):
      return try rearrangement.applied(to: floats(part))
    case .rows(let part, let range, let shape):
      let row = shape.elementCount / max(range.count, 1)
      let values = try floats(part).values
      return try FloatTensor(
        shape: shape, values: Array(values[range.lowerBound * row..<range.upperBound * row]))
    case .joined(let parts, let shape):
      return try FloatTensor(shape: shape, values: parts.flatMap { try floats($0).values })
    case .computed(let computation, let parts):
      return try computation.apply(to: parts.map(floats))
    }
  }
}

extension TensorExpression {
  fileprivate var comesInPieces: Bool {
    switch self {
    case .joined: true
    case .rearranged(let part, let rearrangement):
      rearrangement.movesNothing && part.comesInPieces
    default: false
    }
  }
}

extension Fault.Code {
  package static let nonFiniteWeight = Fault.Code("non-finite-weight", exit: .invalidData)
  /// A number that the element type asked for cannot hold.
  package static let overRange = Fault.Code("over-range", exit: .invalidData)
}
