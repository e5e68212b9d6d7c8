import Volumes

/// The 3D model on a window of different slices against the 2D model on what the strategy makes of
/// them: the middle slice alone for `center`, for the others the sum that the slices' shares of the
/// kernel give, as a patch embedding is linear.
///
/// Where a depth-constant window only sees that the kernel's slices add up, this sees which slice has
/// which.
struct CentreSliceCheck {
  let pair: ModelPair
  /// Whose middle window is used; a pattern when there is none.
  let scan: ReferenceVolume?

  func run() throws -> Check {
    if let obstacle = try pair.obstacle() {
      return .notApplicable(.centreSlice, because: obstacle)
    }
    guard let weights = pair.depthWeights else {
      return .notApplicable(
        .centreSlice,
        because: "the checkpoint does not tell how its kernel was inflated, or has several layers "
          + "of tokens")
    }
    let slices =
      try scan.map {
        try TestSlices.window(
          of: $0.preparation.prepared([$0.contents().channels[0]]), for: pair.deep)
      } ?? TestSlices.patterns(of: pair.deep)
    let layers = try ForwardComparison(pair.flat, pair.deep).layers(
      TestSlices.tensor([TestSlices.sum(slices, weights)], of: pair.flat),
      TestSlices.tensor(slices, of: pair.deep))
    return ForwardComparison.check(.centreSlice, layers, bound: pair.bound)
  }
}
