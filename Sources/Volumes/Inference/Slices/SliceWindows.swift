import Diagnostics

/// The paper's way through a volume: for every slice a window of neighbouring slices, of which the
/// model predicts the centre one.
///
/// Window k of depth D covers slices k − ⌊D/2⌋ … k − ⌊D/2⌋ + D − 1; where it reaches beyond the
/// volume, the end slice is repeated.
package struct SliceWindows: Sendable, Hashable {
  package let sliceCount: Int
  package let windowDepth: Int

  /// - Throws: `usage` when the window has no slices.
  package init(sliceCount: Int, windowDepth: Int) throws {
    precondition(sliceCount > 0, "a volume has slices")
    guard windowDepth > 0 else {
      throw Fault(.usage, "a window of \(windowDepth) slices holds none to predict")
    }
    self.sliceCount = sliceCount
    self.windowDepth = windowDepth
  }

  /// The place of the predicted slice in its window.
  package var centre: Int { windowDepth / 2 }

  /// The slices of window `index`, which predicts slice `index`: `windowDepth` of them.
  package func slices(of index: Int) -> [Int] {
    precondition((0..<sliceCount).contains(index), "no window \(index)")
    return (0..<windowDepth).map { min(max(index - centre + $0, 0), sliceCount - 1) }
  }
}
