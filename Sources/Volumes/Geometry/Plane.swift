import Diagnostics

package struct PlaneSize: Sendable, Hashable, CustomStringConvertible {
  package let height: Int
  package let width: Int

  package init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  package var pixelCount: Int { height * width }
  package var description: String { "\(height) × \(width)" }
}

/// One axial slice of intensities: row-major `[height, width]`, height being the volume's first
/// axis and width its second.
package struct Plane: Sendable, Equatable {
  package let size: PlaneSize
  package internal(set) var values: [Float]

  package init(size: PlaneSize, values: [Float]) {
    precondition(values.count == size.pixelCount, "a plane of \(size) has as many values")
    self.size = size
    self.values = values
  }

  package var height: Int { size.height }
  package var width: Int { size.width }

  package subscript(row: Int, column: Int) -> Float { values[row * size.width + column] }
}
