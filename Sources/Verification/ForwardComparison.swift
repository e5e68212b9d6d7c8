import Architectures
import Segmenter
import Tensors

/// Two models side by side: the 2D one and the 3D one made from it, or one model twice.
struct ForwardComparison {
  let first: SegmentationModel
  let second: SegmentationModel
  /// Whether their classes are the same, so that classifiers compare.
  private let hasSameClasses: Bool

  init(_ first: SegmentationModel, _ second: SegmentationModel) {
    self.first = first
    self.second = second
    hasSameClasses = first.logitsExtents == second.logitsExtents
  }

  /// How far the second model's output is from the first's at every layer that both have, in the
  /// order of computation.
  ///
  /// - Parameters: windows `[channels, depth, height, width]`, each for its model.
  func layers(_ firstWindow: FloatTensor, _ secondWindow: FloatTensor) throws -> [LayerFidelity] {
    let names = first.activationNames.filter(Set(second.activationNames).contains)
      .filter { hasSameClasses || $0 != "decoder.classifier" }
    var firstTaps = ActivationTaps(Set(names))
    var secondTaps = ActivationTaps(Set(names))
    var last: [LayerFidelity] = []
    if first.logitsExtents != nil, second.logitsExtents != nil {
      let expected = try first.logits(for: firstWindow, taps: &firstTaps)
      let actual = try second.logits(for: secondWindow, taps: &secondTaps)
      if hasSameClasses { last = [LayerFidelity("logits", actual, expected)] }
    } else {
      try first.activations(for: firstWindow, taps: &firstTaps)
      try second.activations(for: secondWindow, taps: &secondTaps)
    }
    return names.compactMap { name -> LayerFidelity? in
      guard let expected = firstTaps[name], let actual = secondTaps[name] else { return nil }
      return LayerFidelity(name, actual, expected)
    } + last
  }

  /// The first layer that departs is where to look, whatever the last one says.
  static func check(_ question: Question, _ layers: [LayerFidelity], bound: Double) -> Check {
    let result = layers.last ?? LayerFidelity(layer: "nothing", distance: .nan)
    if let departing = layers.first(where: { !($0.distance <= bound) }) {
      return .measured(
        question, departing.distance, bound: .atMost(bound),
        detail: "\(departing.layer) is the first of \(layers.count) layers that departs")
    }
    return .measured(
      question, result.distance, bound: .atMost(bound),
      detail: "\(layers.count) layers compared, up to \(result.layer)")
  }
}

extension LayerFidelity {
  /// Tokens of a 3D model with several layers of them are each held against the 2D model's at the
  /// same place in the plane, whichever of depth and plane runs faster.
  fileprivate init(_ layer: String, _ actual: FloatTensor, _ expected: FloatTensor) {
    let (count, wanted) = (actual.values.count, expected.values.count)
    let distance: Double
    if expected.shape.rank == 2, wanted > 0, count > wanted, count.isMultiple(of: wanted) {
      let layers = count / wanted
      let width = expected.shape[1]
      let behind = (0..<layers).flatMap { _ in expected.values }
      let beside = stride(from: 0, to: wanted, by: width).flatMap { start in
        (0..<layers).flatMap { _ in expected.values[start..<start + width] }
      }
      distance = min(
        IdentityChecks.relativeDistance(actual.values, behind),
        IdentityChecks.relativeDistance(actual.values, beside))
    } else {
      distance = IdentityChecks.relativeDistance(actual.values, expected.values)
    }
    self.init(layer: layer, distance: distance)
  }
}
