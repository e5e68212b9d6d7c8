import Diagnostics

/// What a checkpoint says of one tensor before its data is read.
package struct TensorDescription: Sendable, Hashable {
  package let key: SourceKey
  package let dtype: DType
  package let shape: Shape
  package let byteCount: Int

  /// - Throws: `invalid-shape` when such a tensor has no size in whole bytes.
  package init(_ key: SourceKey, dtype: DType, shape: Shape) throws {
    self.key = key
    self.dtype = dtype
    self.shape = shape
    byteCount = try shape.byteCount(of: dtype)
  }
}

/// An open checkpoint: named tensors whose bytes are read when they are asked for.
///
/// Bytes are row-major (the last axis runs fastest) and little-endian whatever the file's own order.
package protocol TensorSource: Sendable {
  /// The file or folder that the user named.
  var path: String { get }
  /// The container, for a reader's eyes: `safetensors`, `HDF5`.
  var formatName: String { get }
  /// Every tensor, in ascending order of its name.
  var tensors: [TensorDescription] { get }
  /// Free text that the container carries beside the tensors.
  var metadata: [String: String] { get }

  func description(of key: SourceKey) -> TensorDescription?

  /// Lends the tensor's bytes for the duration of `body`.
  ///
  /// - Throws: `missing-tensor`, or what reading the file brings up.
  func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result
}

extension TensorSource {
  package func requiredDescription(of key: SourceKey) throws -> TensorDescription {
    guard let description = description(of: key) else {
      throw Fault(
        .missingTensor, "the checkpoint has no such tensor",
        at: .init(file: path, tensor: key.name))
    }
    return description
  }

  /// The tensor's values as 32-bit floats.
  ///
  /// - Throws: `wrong-dtype` when it holds no real numbers.
  package func floats(of key: SourceKey) throws -> FloatTensor {
    let description = try requiredDescription(of: key)
    return try located(in: .init(file: path, tensor: key.name)) {
      let values = try withBytes(of: key) { try description.dtype.decodeFloats($0) }
      return try FloatTensor(shape: description.shape, values: values)
    }
  }

  /// A named tensor's integers, for index tables.
  package func integers(of key: SourceKey) throws -> [Int64] {
    let description = try requiredDescription(of: key)
    guard description.dtype == .i64 else {
      throw Fault(
        .wrongDType, "\(description.dtype) where I64 is expected",
        at: .init(file: path, tensor: key.name))
    }
    return try withBytes(of: key) { bytes in
      (0..<description.shape.elementCount).map {
        Int64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: $0 * 8, as: Int64.self))
      }
    }
  }
}
