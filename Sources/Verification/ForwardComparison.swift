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
    hasSameClasses = first.logitsExtents?.first == second.logitsExtents?.first
  }

  /// How far the second model's output is from the first's at every layer that both have, in the
  /// order of computation.
  ///
  /// - Parameters:
  ///   - firstWindow: `[channels, depth, height, width]`, for the first model; likewise the second's.
  ///   - arranged: what the first model's output is held against the second's as.
  func layers(
    _ firstWindow: FloatTensor, _ secondWindow: FloatTensor,
    arranged: (FloatTensor) -> FloatTensor = { $0 }
  ) throws -> [LayerFidelity] {
    let names = first.activationNames.filter(Set(second.activationNames).contains)
      .filter { hasSameClasses || $0 != "decoder.classifier" }
    var firstTaps = ActivationTaps(Set(names))
    var secondTaps = ActivationTaps(Set(names))
    var last: [LayerFidelity] = []
    if first.logitsExtents != nil, second.logitsExtents != nil {
      let expected = try first.logits(for: firstWindow, taps: &firstTaps)
      let actual = try second.logits(for: secondWindow, taps: &secondTaps)
      if hasSameClasses { last = [LayerFidelity("logits", actual, arranged(expected))] }
    } else {
      try first.activations(for: firstWindow, taps: &firstTaps)
      try second.activations(for: secondWindow, taps: &secondTaps)
    }
    return names.compactMap { name -> LayerFidelity? in
      guard let expected = firstTaps[name], let actual = secondTaps[name] else { return nil }
      return LayerFidelity(name, actual, arranged(expected))
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
  /// What the 2D model gives once is held against every layer along the depth of what the 3D model
  /// gives.
  fileprivate init(_ layer: String, _ actual: FloatTensor, _ expected: FloatTensor) {
    let (count, wanted) = (actual.values.count, expected.values.count)
    var values = expected.values
    if wanted > 0, count > wanted, count.isMultiple(of: wanted) {
      values = expected.repeated(count / wanted)
    }
    self.init(
      layer: layer, distance: IdentityChecks.relativeDistance(actual.values, values))
  }
}

extension FloatTensor {
  /// An image model's activation at every layer of tokens: of tokens `[tokens, hidden]` the depth
  /// runs fastest, maps `[channels, …, height, width]` have it behind their channels.
  fileprivate func repeated(_ layers: Int) -> [Float] {
    let block = shape.rank == 2 ? shape[1] : shape.extents.dropFirst().reduce(1, *)
    var repeated: [Float] = []
    repeated.reserveCapacity(values.count * layers)
    for start in stride(from: 0, to: values.count, by: max(block, 1)) {
      for _ in 0..<layers { repeated += values[start..<start + block] }
    }
    return repeated
  }

  /// A volume model's activation turned around along the depth, laid out as ``repeated(_:)`` says.
  ///
  /// - Parameter layers: how many layers of tokens there are.
  func turnedAround(layers: Int) -> FloatTensor {
    let isMap = shape.rank == 4
    guard shape.rank == 2 || isMap else { return self }
    let depth = isMap ? shape[1] : layers
    let block = isMap ? shape[2] * shape[3] : shape[1]
    guard depth > 1, block > 0, values.count.isMultiple(of: depth * block) else { return self }
    var turned = self
    for start in stride(from: 0, to: values.count, by: depth * block) {
      for slice in 0..<depth {
        for index in 0..<block {
          turned[start + slice * block + index] =
            values[start + (depth - 1 - slice) * block + index]
        }
      }
    }
    return turned
  }
}
