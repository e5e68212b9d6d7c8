import Architectures
import Diagnostics
import Inflation
import Segmenter
import Tensors

/// The 2D model on one slice against the 3D model on that slice repeated, layer by layer: both
/// strategies of inflation promise the same there.
struct DepthConstantCheck {
  let source: any TensorSource
  let sourceModel: RecognisedModel
  let checkpoint: any TensorSource
  let model: RecognisedModel

  func run() throws -> Check {
    let grids = try [sourceModel, model].map { model in
      try ["gridHeight", "gridWidth"].map(model.parameter)
    }
    guard grids[0] == grids[1] else {
      let shown = grids.map { $0.map(String.init).joined(separator: "×") }
      return .notApplicable(
        .depthConstant,
        because: "the 2D model's grid is \(shown[0]), the 3D model's \(shown[1]): "
          + "they see images of different sizes")
    }
    let (sources, targets) = try (sourceModel.parameter("channels"), model.parameter("channels"))
    let channels = ChannelStrategy.used(for: model.record, from: sources, to: targets)
    guard channels.isExact(from: sources, to: targets) else {
      return .notApplicable(
        .depthConstant,
        because: "with channels \(channels.name) equal images do not give what they gave in 2D")
    }
    return try compare(
      SegmentationModel(model: sourceModel, source: source),
      SegmentationModel(model: model, source: checkpoint))
  }

  /// Weights stored in 16 bits keep the promise only as far as their rounding allows.
  private var bound: Double {
    guard let key = model.key(of: "patchEmbedding.weight") else { return 1e-4 }
    switch checkpoint.description(of: key)?.dtype {
    case .f16: return 1e-2
    case .bf16: return 8e-2
    default: return 1e-4
    }
  }

  private func compare(_ flat: SegmentationModel, _ deep: SegmentationModel) throws -> Check {
    let slice = DepthConstantCheck.testSlice(
      height: flat.windowExtents[2], width: flat.windowExtents[3])
    // With other classes the classifier is another, and only what comes before it compares.
    let hasSameClasses = flat.logitsExtents == deep.logitsExtents
    let layers = flat.activationNames.filter(Set(deep.activationNames).contains)
      .filter { hasSameClasses || $0 != "decoder.classifier" }
    var flatTaps = ActivationTaps(Set(layers))
    var deepTaps = ActivationTaps(Set(layers))
    var distances: [(layer: String, distance: Double)] = []
    let flatWindow = try window(slice, depth: 1, of: flat)
    let deepWindow = try window(slice, depth: deep.windowExtents[1], of: deep)
    if sourceModel.hasDecoder, model.hasDecoder {
      let expected = try flat.logits(for: flatWindow, taps: &flatTaps)
      let actual = try deep.logits(for: deepWindow, taps: &deepTaps)
      if hasSameClasses {
        distances.append(
          ("logits", IdentityChecks.relativeDistance(actual.values, expected.values)))
      }
    } else {
      try flat.activations(for: flatWindow, taps: &flatTaps)
      try deep.activations(for: deepWindow, taps: &deepTaps)
    }
    let inner = layers.compactMap { layer -> (layer: String, distance: Double)? in
      guard let expected = flatTaps[layer], let actual = deepTaps[layer] else { return nil }
      return (layer, IdentityChecks.relativeDistance(actual.values, expected.values))
    }
    return verdict(on: inner + distances)
  }

  private func verdict(on layers: [(layer: String, distance: Double)]) -> Check {
    let result = layers.last ?? ("nothing", .nan)
    // The first layer that departs is where to look, whatever the last one says.
    if let departing = layers.first(where: { !($0.distance <= bound) }) {
      return .measured(
        .depthConstant, departing.distance, bound: .atMost(bound),
        detail: "\(departing.layer) is the first of \(layers.count) layers that departs")
    }
    return .measured(
      .depthConstant, result.distance, bound: .atMost(bound),
      detail: "\(layers.count) layers compared, up to \(result.layer)")
  }

  private func window(
    _ slice: [Float], depth: Int, of model: SegmentationModel
  ) throws -> FloatTensor {
    try FloatTensor(
      shape: Shape([1, depth, model.windowExtents[2], model.windowExtents[3]]),
      values: Array(repeating: slice, count: depth).flatMap { $0 })
  }

  /// Blobs and gratings between 0 and 1: every patch differs from every other, as in a real slice.
  static func testSlice(height: Int, width: Int) -> [Float] {
    (0..<height * width).map { index in
      let y = Float(index / width) / Float(height)
      let x = Float(index % width) / Float(width)
      let texture = (x * 37 + y * y * 19 + x * y * 53).truncatingRemainder(dividingBy: 1)
      let distance = (x - 0.45) * (x - 0.45) + (y - 0.55) * (y - 0.55)
      return distance < 0.15 ? 0.3 + 0.6 * texture : 0.1 * texture
    }
  }
}
