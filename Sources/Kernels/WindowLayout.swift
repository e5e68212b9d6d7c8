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
    var pixels: [Int32] = []
    pixels.reserveCapacity(windowCount * tokensInWindow)
    forEachToken { position in
      let inside = (0..<3).allSatisfy { position[$0].source < extents[$0] }
      pixels.append(
        inside
          ? Int32(
            (position[0].source * extents[1] + position[1].source) * extents[2]
              + position[2].source) : -1)
    }
    return pixels
  }

  /// The region of every token, window by window: what the shift brought together from opposite
  /// ends of the map must not attend to each other. Nil without a shift.
  func regions() -> [Float]? {
    guard shift.contains(where: { $0 > 0 }) else { return nil }
    var regions: [Float] = []
    regions.reserveCapacity(windowCount * tokensInWindow)
    forEachToken { position in
      regions.append(Float((position[0].region * 3 + position[1].region) * 3 + position[2].region))
    }
    return regions
  }

  private struct Position {
    /// Where the token was before the shift.
    let source: Int
    let region: Int
  }

  private func forEachToken(_ body: ([Position]) -> Void) {
    let axes = (0..<3).map { axis in (0..<counts[axis] * window[axis]).map { position($0, axis) } }
    for first in 0..<counts[0] {
      for second in 0..<counts[1] {
        for third in 0..<counts[2] {
          for y in axes[0][first * window[0]..<(first + 1) * window[0]] {
            for x in axes[1][second * window[1]..<(second + 1) * window[1]] {
              for z in axes[2][third * window[2]..<(third + 1) * window[2]] { body([y, x, z]) }
            }
          }
        }
      }
    }
  }

  private func position(_ index: Int, _ axis: Int) -> Position {
    let padded = counts[axis] * window[axis]
    let region =
      shift[axis] == 0 || index < padded - window[axis] ? 0 : index < padded - shift[axis] ? 1 : 2
    return Position(source: (index + shift[axis]) % padded, region: region)
  }
}
