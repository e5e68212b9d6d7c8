import Kernels
import Tensors

/// What one run of a model carries from layer to layer: where memory comes from, and who wants to
/// see what.
struct ForwardPass {
  let workspace: Workspace
  var taps: ActivationTaps
  /// Whether maps are shown with their depth even where it is 1.
  let showsDepth: Bool

  /// Looks at tokens on their way; see ``ActivationTaps``.
  mutating func look(at tokens: Matrix, as name: String) throws {
    try taps.pass(tokens, as: name)
  }

  /// Looks at a feature map on its way.
  mutating func look(at map: FeatureMap, as name: String) throws {
    try taps.pass(map, isVolume: showsDepth, as: name)
  }
}

/// The first half of a model: turns a window into features.
protocol Encoder: Sendable {
  /// What ``ActivationTaps`` may ask for, in the order of computation.
  var activationNames: [String] { get }

  /// - Parameter window: `[channels, depth, height, width]`
  /// - Returns: what the decoder reads
  func features(of window: FloatTensor, _ pass: inout ForwardPass) throws -> [FeatureMap]
}

/// The second half: turns features into scores.
protocol Decoder: Sendable {
  var classes: Int { get }
  var activationNames: [String] { get }

  /// Whether there are scores for every slice of the window, not for the middle one alone.
  var segmentsVolume: Bool { get }

  /// - Parameter window: `[channels, depth, height, width]`
  /// - Returns: `[height, width, depth]` of the scores
  func scoresExtents(for window: [Int]) -> [Int]

  /// - Parameter features: what the encoder gave; they are let go as they are used
  /// - Returns: scores `[height, width, depth, classes]` at their final size
  func scores(
    from features: inout [FeatureMap], window: FloatTensor, _ pass: inout ForwardPass
  ) throws -> FeatureMap
}

extension Decoder {
  var segmentsVolume: Bool { false }
}
