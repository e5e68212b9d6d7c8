import Diagnostics

/// The 2D model on one slice against the 3D model on that slice repeated, layer by layer: all
/// strategies of inflation promise the same there.
struct DepthConstantCheck {
  let pair: ModelPair

  /// What came of it, and the distance of every layer that was compared, in the order of
  /// computation.
  func run() throws -> (check: Check, layers: [LayerFidelity]) {
    if let obstacle = try pair.obstacle() {
      return (.notApplicable(.depthConstant, because: obstacle), [])
    }
    let (height, width) = pair.plane
    let slice = TestSlices.pattern(height: height, width: width)
    let repeated = [[Float]](repeating: slice, count: pair.depth)
    let layers = try ForwardComparison(pair.flat, pair.deep).layers(
      TestSlices.tensor([slice], height: height, width: width),
      TestSlices.tensor(repeated, height: height, width: width))
    let held = layers.prefix { pair.mustAgree(after: $0.layer) }.count
    let shown = layers.enumerated().map { index, layer in
      LayerFidelity(layer: layer.layer, distance: layer.distance, mustAgree: index < held)
    }
    return (pair.check(.depthConstant, layers), shown)
  }
}

extension ModelPair {
  /// Holds the layers to the bound that the 3D model can express; of the others, the distance is
  /// measured and the reason said.
  func check(_ question: Question, _ layers: [LayerFidelity]) -> Check {
    let held = layers.prefix { mustAgree(after: $0.layer) }
    let check = ForwardComparison.check(question, Array(held), bound: bound)
    guard held.count < layers.count, let last = layers.last else { return check }
    var reasons = differences
    if reasons.isEmpty {
      reasons.append(
        windowsFit(upTo: last.layer)
          ? "the decoder sees the volume's ends or starts anew"
          : "windows of attention do not end where the depth does")
    }
    return check.noting(
      "not held to it: \(reasons.joined(separator: "; ")); "
        + "\(last.layer) is \(Figure.text(last.distance)) away")
  }
}
