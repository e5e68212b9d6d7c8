import Diagnostics

/// A tensor of 32-bit floats in memory, row-major.
package struct FloatTensor: Sendable, Equatable {
  package let shape: Shape
  package var values: [Float] {
    didSet { assert(values.count == shape.elementCount) }
  }

  /// - Throws: `invalid-shape` when there are not as many values as the shape has elements.
  package init(shape: Shape, values: [Float]) throws {
    guard values.count == shape.elementCount else {
      throw Fault(.invalidShape, "\(values.count) values for shape \(shape)")
    }
    self.shape = shape
    self.values = values
  }

  package init(shape: Shape, repeating value: Float = 0) {
    self.shape = shape
    values = Array(repeating: value, count: shape.elementCount)
  }
}
