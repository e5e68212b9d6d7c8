/// How a feature map is cut into windows that attend to themselves alone (Liu et al.,
/// arXiv:2103.14030): the map is padded at its ends to whole windows, moved cyclically by the
/// shift, and cut. Axes are height, width, depth.
package struct WindowLayout: Sendable {
  package let extents: [Int]
  package let window: [Int]
  package let shift: [Int]
  /// Windows along each axis.
  package let counts: [Int]

  package init(extents: [Int], window: [Int], shift: [Int]) {
    precondition(extents.count == 3 && window.count == 3 && shift.count == 3)
    precondition(window.allSatisfy { $0 > 0 } && zip(shift, window).allSatisfy { $0 < $1 })
    self.extents = extents
    self.window = window
    self.shift = shift
    counts = zip(extents, window).map { ($0 + $1 - 1) / $1 }
  }

  package var tokensInWindow: Int { window.reduce(1, *) }
  package var windowCount: Int { counts.reduce(1, *) }

  /// The pixel of every token, window by window; −1 for padding.
  func pixels() -> [Int32] {
    let sources = (0..<3).map { axis in
      (0..<counts[axis] * window[axis]).map { index in
        let source = (index + shift[axis]) % (counts[axis] * window[axis])
        return source < extents[axis] ? source : -1
      }
    }
    return tokens { y, x, z in
      let (row, column, slice) = (sources[0][y], sources[1][x], sources[2][z])
      // Negative as soon as one of them is.
      guard row | column | slice >= 0 else { return -1 }
      return Int32((row * extents[1] + column) * extents[2] + slice)
    }
  }

  /// The region of every token, window by window: what the shift brought together from opposite
  /// ends of the map must not attend to each other. Nil without a shift.
  func regions() -> [Float]? {
    guard shift.contains(where: { $0 > 0 }) else { return nil }
    let regions = (0..<3).map { axis in
      (0..<counts[axis] * window[axis]).map { region(of: $0, axis) }
    }
    return tokens { y, x, z in
      Float((regions[0][y] * 3 + regions[1][x]) * 3 + regions[2][z])
    }
  }

  private func region(of index: Int, _ axis: Int) -> Int {
    let padded = counts[axis] * window[axis]
    return shift[axis] == 0 || index < padded - window[axis]
      ? 0 : index < padded - shift[axis] ? 1 : 2
  }

  /// A value for every token, window by window, by where the token stands after the shift.
  private func tokens<Value>(_ value: (_ y: Int, _ x: Int, _ z: Int) -> Value) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(windowCount * tokensInWindow)
    for first in 0..<counts[0] {
      for second in 0..<counts[1] {
        for third in 0..<counts[2] {
          for y in first * window[0]..<(first + 1) * window[0] {
            for x in second * window[1]..<(second + 1) * window[1] {
              for z in third * window[2]..<(third + 1) * window[2] {
                values.append(value(y, x, z))
              }
            }
          }
        }
      }
    }
    return values
  }
}
