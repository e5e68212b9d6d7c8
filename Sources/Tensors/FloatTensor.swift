import Diagnostics

/// A tensor of 32-bit floats in memory, row-major.
package struct FloatTensor: Sendable, Equatable {
  package let shape: Shape
  package private(set) var values: [Float]

  /// - Throws: `invalid-shape` when there are not as many values as the shape has elements.
  package init(shape: Shape, values: [Float]) throws {
    guard values.count == shape.elementCount else {
      throw Fault(.invalidShape, "\(values.count) values for shape \(shape)")
    }
    self.shape = shape
    self.values = values
  }

  /// The value at a row-major position.
  package subscript(position: Int) -> Float {
    get { values[position] }
    set { values[position] = newValue }
  }

  package init(shape: Shape, repeating value: Float = 0) {
    self.shape = shape
    values = Array(repeating: value, count: shape.elementCount)
  }
}
