/// Where a strategy treats the two ends of the depth alike, the 3D model on a window turned around
/// computes what it does on the window itself, turned around with it.
struct SymmetryCheck {
  let pair: ModelPair

  func run() throws -> Check {
    if let otherAxis = pair.otherAxis {
      return .notApplicable(.symmetry, because: otherAxis)
    }
    guard let weights = pair.depthWeights else {
      return .notApplicable(
        .symmetry, because: "the checkpoint does not tell how its kernel was inflated")
    }
    guard zip(weights, weights.reversed()).allSatisfy({ abs($0 - $1) <= 1e-12 }),
      pair.layersOfTokens == 1 || pair.plan.options.positionDepth == .tile
    else {
      return .notApplicable(
        .symmetry, because: "the strategy does not treat the two ends of the depth alike")
    }
    let (height, width) = pair.plane
    let slices = TestSlices.patterns(pair.depth, height: height, width: width)
    let layers = try ForwardComparison(pair.deep, pair.deep).layers(
      TestSlices.tensor(slices, height: height, width: width),
      TestSlices.tensor(slices.reversed(), height: height, width: width)
    ) { $0.turnedAround(layers: pair.layersOfTokens) }
    // A decoder of volumes has kernels over the depth of its own; windows that do not end where the
    // depth does are laid from one end.
    let held = layers.prefix { layer in
      layer.layer == "patchEmbedding"
        || pair.windowsFit(upTo: layer.layer) && pair.windowsLieAlike(at: layer.layer)
          && !(pair.deep.segmentsVolume
            && (layer.layer.hasPrefix("decoder.") || layer.layer == "logits"))
    }
    return ForwardComparison.check(.symmetry, Array(held), bound: pair.bound)
  }
}
