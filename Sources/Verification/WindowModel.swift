import Segmenter
import Tensors

/// Anything that scores one window of a volume.
package protocol WindowModel: Sendable {
  /// The size of the input: `[channels, depth, height, width]`.
  var windowExtents: [Int] { get }

  /// The size of the output: `[classes, height, width]` of a model that scores the window's middle
  /// slice, `[classes, depth, height, width]` of one that scores the whole window; nil of one that
  /// scores nothing.
  var logitsExtents: [Int]? { get }

  /// - Parameter window: `[channels, depth, height, width]`.
  /// - Returns: scores, as many as `logitsExtents` says of a window of `windowExtents`.
  func logits(for window: FloatTensor) throws -> FloatTensor
}

extension SegmentationModel: WindowModel {}
