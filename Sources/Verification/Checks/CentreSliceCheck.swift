import Volumes

/// The 3D model on different slices against the 2D model on what the strategy makes of them: the
/// middle slice alone for `center`, for the others the sum that the slices' shares of the kernel give,
/// as a patch embedding is linear. Every patch along the depth sees the same slices.
///
/// Where a depth-constant window only sees that the kernel's slices add up, this sees which slice has
/// which.
struct CentreSliceCheck {
  let pair: ModelPair
  /// Whose middle slices are used; a pattern when there is none.
  let scan: ReferenceVolume?

  func run() throws -> Check {
    if let obstacle = try pair.obstacle() {
      return .notApplicable(.centreSlice, because: obstacle)
    }
    guard let weights = pair.depthWeights else {
      return .notApplicable(
        .centreSlice, because: "the checkpoint does not tell how its kernel was inflated")
    }
    let (height, width) = pair.plane
    let slices =
      try scan.map {
        try TestSlices.window(
          of: $0.preparation.prepared([$0.contents().channels[0]]), depth: weights.count,
          height: height, width: width)
      } ?? TestSlices.patterns(weights.count, height: height, width: width)
    let window = (0..<pair.layersOfTokens).flatMap { _ in slices }
    let layers = try ForwardComparison(pair.flat, pair.deep).layers(
      TestSlices.tensor([TestSlices.sum(slices, weights)], height: height, width: width),
      TestSlices.tensor(window, height: height, width: width))
    return pair.check(.centreSlice, layers)
  }
}
