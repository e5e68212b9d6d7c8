import Tensors

/// Writes a checkpoint tensor by tensor; the file appears under its name when it is committed.
///
/// A writer is used up by its `commit`, and one that is dropped before leaves nothing behind.
package protocol CheckpointWriter: ~Copyable {
  /// The order in which the tensors' bytes have to come.
  var order: [StoredTensor] { get }

  /// Writes the bytes of the next tensor in ``order``.
  ///
  /// - Throws: `write-failed`, also when these are not as many bytes as the tensor has.
  mutating func write(_ bytes: RawSpan) throws

  /// Gives the finished file its name.
  ///
  /// - Throws: `write-failed`, also when tensors are missing.
  consuming func commit() throws
}

/// A tensor that is going to be written.
package struct StoredTensor: Sendable, Hashable {
  package let key: TargetKey
  package let dtype: DType
  package let shape: Shape
  package let byteCount: Int

  /// - Throws: `invalid-shape` when such a tensor has no size in whole bytes.
  package init(_ key: TargetKey, dtype: DType, shape: Shape) throws {
    self.key = key
    self.dtype = dtype
    self.shape = shape
    byteCount = try shape.byteCount(of: dtype)
  }
}
