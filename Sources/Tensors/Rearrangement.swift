import Diagnostics

/// A tensor's elements in another order: its axes split, permuted and joined, the way that
/// `reshape`, `transpose`, `reshape` do it.
package struct Rearrangement: Sendable, Equatable {
  /// What the input's axes are split into; their product is its number of elements.
  package let split: [Int]
  /// Axis `i` of the output, before joining, is the input's axis `order[i]`.
  package let order: [Int]
  /// The output's shape.
  package let shape: Shape
  /// Along one axis of the input the output takes position `positions[i]` for its own `i`.
  package let selection: Selection?

  package struct Selection: Sendable, Equatable {
    package let axis: Int
    package let positions: [Int]

    package init(axis: Int, positions: [Int]) {
      self.axis = axis
      self.positions = positions
    }
  }

  /// - Throws: `invalid-shape` when the order is no permutation of the split axes, or the output has
  ///   another number of elements.
  package init(split: [Int], order: [Int], shape: Shape, selection: Selection? = nil) throws {
    let input = try Shape(split)
    guard order.sorted() == Array(split.indices), input.elementCount == shape.elementCount,
      selection.map({
        split.indices.contains($0.axis)
          && $0.positions.sorted() == Array(0..<split[$0.axis])
      }) ?? true
    else {
      throw Fault(.invalidShape, "\(split) in the order \(order) does not make \(shape)")
    }
    self.split = split
    self.order = order
    self.shape = shape
    self.selection = selection
  }

  /// Whether the elements stay where they are, so that the shape alone changes.
  package var movesNothing: Bool {
    let moving = order.filter { split[$0] != 1 }
    return moving == moving.sorted()
      && (selection.map { $0.positions == Array($0.positions.indices) } ?? true)
  }

  /// The elements of `bytes`, each of `width` bytes, in the new order.
  package func applied(to bytes: RawSpan, width: Int) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: shape.elementCount * width)
    guard !output.isEmpty else { return output }
    forEachSource { position, source in
      for offset in 0..<width {
        output[position * width + offset] = bytes.unsafeLoad(
          fromByteOffset: source * width + offset, as: UInt8.self)
      }
    }
    return output
  }

  package func applied(to tensor: FloatTensor) throws -> FloatTensor {
    if movesNothing { return try FloatTensor(shape: shape, values: tensor.values) }
    var result = FloatTensor(shape: shape)
    forEachSource { position, source in result[position] = tensor.values[source] }
    return result
  }

  /// Calls `body` with every position of the output, ascending, and the input's position there.
  private func forEachSource(_ body: (_ position: Int, _ source: Int) -> Void) {
    guard shape.elementCount > 0 else { return }
    var strides = [Int](repeating: 1, count: split.count)
    for axis in split.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * split[axis + 1]
    }
    let offsets = order.map { axis in
      (0..<split[axis]).map { position in
        let source = selection?.axis == axis ? selection!.positions[position] : position
        return source * strides[axis]
      }
    }
    var indices = [Int](repeating: 0, count: order.count)
    var source = offsets.reduce(0) { $0 + $1[0] }
    for position in 0..<shape.elementCount {
      body(position, source)
      var axis = order.count - 1
      while axis >= 0 {
        source -= offsets[axis][indices[axis]]
        indices[axis] = indices[axis] + 1 == offsets[axis].count ? 0 : indices[axis] + 1
        source += offsets[axis][indices[axis]]
        if indices[axis] != 0 { break }
        axis -= 1
      }
    }
  }
}
