import Architectures

/// What implementations of Swin do differently and no weight tells.
struct SwinConventions: Sendable, Equatable {
  /// What becomes of windows that are as large as the map or larger.
  enum SmallMaps: Sendable {
    /// Windows keep their size and their shift; the map is padded (OpenMMLab, the paper's Swin).
    case padded
    /// The map is padded, and windows do not shift along an axis that one window covers (Microsoft,
    /// timm, torchvision, transformers).
    case unshifted
    /// Windows shrink to the map along each axis and do not shift there (MONAI, Video Swin).
    case clipped
  }

  let smallMaps: SmallMaps
  /// In which order of axes (height, width, depth) tokens of a window are counted where windows
  /// shrink: the implementations then take the first rows and columns of the large window's biases,
  /// whatever pairs of positions those belong to.
  let tokenOrder: [Int]
  /// Norms stand after attention and perceptron instead of before them (Swin V2).
  let isPostNorm: Bool
  /// MONAI's decoder reads every stage's input and output, brought to mean 0 and variance 1.
  let givesHiddenStates: Bool

  init(_ family: Family) {
    switch family.id {
    case "monai-swinunetr", "monai-swinunetr-2d", "video-swin": smallMaps = .clipped
    case "transseg-swin", "swin-openmmlab": smallMaps = .padded
    default: smallMaps = .unshifted
    }
    tokenOrder = family.id == "video-swin" ? [2, 0, 1] : [0, 1, 2]
    isPostNorm = family.constant("postNorm") == 1
    givesHiddenStates = family.id.hasPrefix("monai-")
  }

  /// The windows of a block on a map.
  ///
  /// - Parameters:
  ///   - extents: the map's height, width and depth
  ///   - window: the window's
  ///   - shifts: whether the block is one of those that shift
  func layout(extents: [Int], window: [Int], shifts: Bool) -> WindowSize {
    var size = window
    var shift = window.map { shifts ? $0 / 2 : 0 }
    for axis in 0..<3 where extents[axis] <= window[axis] {
      switch smallMaps {
      case .padded: continue
      case .unshifted: shift[axis] = 0
      case .clipped: (size[axis], shift[axis]) = (extents[axis], 0)
      }
    }
    return WindowSize(size: size, shift: shift)
  }

  struct WindowSize: Equatable {
    let size: [Int]
    let shift: [Int]
  }
}
