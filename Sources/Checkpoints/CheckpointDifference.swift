import Diagnostics
import Tensors

/// How two checkpoints differ, whatever containers they come in.
package struct CheckpointDifference: Sendable {
  package struct Entry: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
      /// Only the second checkpoint has the tensor.
      case extra
      /// Only the first has it.
      case missing
      case shape
      case dtype
      case values
    }

    package let key: SourceKey
    package let kind: Kind
    package let first: TensorDescription?
    package let second: TensorDescription?
    /// max |a − b|; infinite where one value is NaN or infinite and the other is not.
    package let distance: Double?
    /// The distance relative to max |a|.
    package let relativeDistance: Double?
  }

  /// In ascending order of the name.
  package let entries: [Entry]
  /// Tensors that both have and that do not differ.
  package let equalCount: Int

  /// - Parameter tolerance: the largest relative distance that counts as equal; with one, tensors of
  ///   different element types are compared by value.
  /// - Throws: what reading either checkpoint brings up.
  package init(
    _ first: any TensorSource, _ second: any TensorSource, tolerance: Double? = nil
  ) throws {
    var entries: [Entry] = []
    var equal = 0
    for tensor in first.tensors {
      let other = second.description(of: tensor.key)
      let comparison = TensorComparison(
        first: first, second: second, tensor: tensor, other: other, tolerance: tolerance)
      if let entry = try comparison.difference() { entries.append(entry) } else { equal += 1 }
    }
    for tensor in second.tensors where first.description(of: tensor.key) == nil {
      entries.append(
        Entry(
          key: tensor.key, kind: .extra, first: nil, second: tensor, distance: nil,
          relativeDistance: nil))
    }
    self.entries = entries.sorted { $0.key < $1.key }
    equalCount = equal
  }
}

/// One tensor of the first checkpoint against its namesake in the second.
private struct TensorComparison {
  let first: any TensorSource
  let second: any TensorSource
  let tensor: TensorDescription
  let other: TensorDescription?
  let tolerance: Double?

  func difference() throws -> CheckpointDifference.Entry? {
    guard let other else { return entry(.missing) }
    guard tensor.shape == other.shape else { return entry(.shape) }
    if tensor.dtype == other.dtype, try bytesAreEqual() { return nil }
    guard tensor.dtype.holdsRealNumbers, other.dtype.holdsRealNumbers else {
      return entry(tensor.dtype == other.dtype ? .values : .dtype)
    }
    let (distance, scale) = try distance(other.dtype)
    let relative = distance == 0 ? 0 : distance / max(scale, .leastNormalMagnitude)
    if let tolerance, relative <= tolerance { return nil }
    // Zeros of both signs and NaN of any payload; integers beyond 2⁵³ do differ.
    if tensor.dtype == other.dtype, tensor.dtype.isFloatingPoint, distance == 0 { return nil }
    return entry(tensor.dtype == other.dtype ? .values : .dtype, distance, relative)
  }

  private func entry(
    _ kind: CheckpointDifference.Entry.Kind, _ distance: Double? = nil, _ relative: Double? = nil
  ) -> CheckpointDifference.Entry {
    CheckpointDifference.Entry(
      key: tensor.key, kind: kind, first: tensor, second: other, distance: distance,
      relativeDistance: relative)
  }

  private func bytesAreEqual() throws -> Bool {
    try first.withBytes(of: tensor.key) { left in
      try second.withBytes(of: tensor.key) { right in
        left.withUnsafeBytes { left in right.withUnsafeBytes { left.elementsEqual($0) } }
      }
    }
  }

  /// max |a − b| and max |a|, stretch by stretch.
  private func distance(_ dtype: DType) throws -> (distance: Double, scale: Double) {
    try first.withBytes(of: tensor.key) { left in
      try second.withBytes(of: tensor.key) { right in
        let count = tensor.shape.elementCount
        var (distance, scale) = (0.0, 0.0)
        for start in stride(from: 0, to: count, by: DType.stretch) {
          let range = start..<min(start + DType.stretch, count)
          let left = try tensor.dtype.realNumbers(range, of: left)
          let right = try dtype.realNumbers(range, of: right)
          for (a, b) in zip(left, right) where a != b && !(a.isNaN && b.isNaN) {
            let difference = abs(a - b)
            distance = max(distance, difference.isNaN ? .infinity : difference)
          }
          for value in left where value.isFinite { scale = max(scale, abs(value)) }
        }
        return (distance, scale)
      }
    }
  }
}
