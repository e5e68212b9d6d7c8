import Diagnostics
import Volumes

/// How windows lie over a volume, for a model that scores whole windows.
package struct WindowOptions: Sendable, Hashable {
  /// `[height, width, depth]`; nil takes the model's own.
  package let size: [Int]?
  /// The share of a window that its neighbour covers again.
  package let overlap: Double
  package let blending: WindowBlending

  /// MONAI's own defaults are an overlap of a quarter and constant weights.
  package init(
    size: [Int]? = nil, overlap: Double = 0.25, blending: WindowBlending = .constant
  ) {
    self.size = size
    self.overlap = overlap
    self.blending = blending
  }
}
