import Diagnostics
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

extension CheckpointWriter where Self: ~Copyable {
  package mutating func write(_ bytes: [UInt8]) throws { try write(bytes.span.bytes) }
}

/// Keeps count of what a writer has been given, and holds it against what was announced.
struct WritingOrder {
  let tensors: [StoredTensor]
  private(set) var writtenCount = 0

  init(_ tensors: [StoredTensor]) { self.tensors = tensors }

  /// The tensor whose bytes are coming.
  ///
  /// - Throws: `write-failed` when all have come, or these are not as many as it has.
  mutating func next(byteCount: Int, to destination: String) throws -> StoredTensor {
    guard writtenCount < tensors.count else {
      throw Fault(
        .writeFailed, "all \(tensors.count) tensors were written before",
        at: .init(file: destination))
    }
    let tensor = tensors[writtenCount]
    guard byteCount == tensor.byteCount else {
      throw Fault(
        .writeFailed, "\(byteCount) bytes for a tensor of \(tensor.byteCount)",
        at: .init(file: destination, tensor: tensor.key.name))
    }
    writtenCount += 1
    return tensor
  }

  /// - Throws: `write-failed` when some have not come.
  func checkComplete(_ destination: String) throws {
    guard writtenCount == tensors.count else {
      throw Fault(
        .writeFailed, "\(tensors.count - writtenCount) tensors were not written",
        at: .init(file: destination))
    }
  }
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
