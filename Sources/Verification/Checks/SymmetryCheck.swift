/// Where a strategy treats the two ends of the depth alike, the 3D model on a window turned upside
/// down computes what it does on the window itself.
struct SymmetryCheck {
  let pair: ModelPair

  func run() throws -> Check {
    guard let weights = pair.depthWeights else {
      return .notApplicable(
        .symmetry,
        because: "the checkpoint does not tell how its kernel was inflated, or has several layers "
          + "of tokens")
    }
    guard zip(weights, weights.reversed()).allSatisfy({ abs($0 - $1) <= 1e-12 }) else {
      return .notApplicable(
        .symmetry, because: "the strategy does not treat the two ends of the depth alike")
    }
    let slices = TestSlices.patterns(of: pair.deep)
    let layers = try ForwardComparison(pair.deep, pair.deep).layers(
      TestSlices.tensor(slices, of: pair.deep),
      TestSlices.tensor(slices.reversed(), of: pair.deep))
    return ForwardComparison.check(.symmetry, layers, bound: pair.bound)
  }
}
