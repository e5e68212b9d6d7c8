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
    let extents = pair.flat.windowExtents
    let slice = TestSlices.pattern(height: extents[2], width: extents[3])
    let repeated = [[Float]](repeating: slice, count: pair.deep.windowExtents[1])
    let layers = try ForwardComparison(pair.flat, pair.deep).layers(
      TestSlices.tensor([slice], of: pair.flat), TestSlices.tensor(repeated, of: pair.deep))
    guard let looseness = pair.looseness else {
      return (ForwardComparison.check(.depthConstant, layers, bound: pair.bound), layers)
    }
    // What the target cannot express is measured and said; the embedding it can.
    let embedding = layers.filter { $0.layer == "patchEmbedding" }
    let check = ForwardComparison.check(.depthConstant, embedding, bound: pair.bound)
    let distance = layers.last.map { "; \($0.layer) is \($0.distance) away" } ?? ""
    return (check.noting("\(looseness)\(distance)"), layers)
  }
}
