import Architectures
import Inflation
import Segmenter
import Tensors

/// A 2D model and the 3D model made from it, both loaded once for all checks that run them.
struct ModelPair {
  let flat: SegmentationModel
  let deep: SegmentationModel
  let flatModel: RecognisedModel
  let deepModel: RecognisedModel
  /// What the conversion carried over, changed and dropped.
  let plan: Plan
  /// What the 3D checkpoint stores its kernel in.
  let kernelType: DType?

  /// - Parameter plan: of the conversion that made the one from the other.
  init(
    source: any TensorSource, sourceModel: RecognisedModel, checkpoint: any TensorSource,
    model: RecognisedModel, deep: SegmentationModel, plan: Plan
  ) throws {
    flat = try SegmentationModel(model: sourceModel, source: source)
    self.deep = deep
    flatModel = sourceModel
    deepModel = model
    self.plan = plan
    kernelType = model.key(of: "patchEmbedding.weight")
      .flatMap { checkpoint.description(of: $0)?.dtype }
  }

  /// Why the two cannot be run side by side on one slice, if they cannot.
  func obstacle() throws -> String? {
    if let otherAxis { return otherAxis }
    let patches = try [flatModel, deepModel].map { model in
      try ["patchHeight", "patchWidth"].map(model.parameter)
    }
    guard patches[0] == patches[1] else {
      let shown = patches.map { $0.map(String.init).joined(separator: "×") }
      return "the 2D model's patches of \(shown[0]) became \(shown[1])"
    }
    guard commonPlane != nil else {
      let shown = [flat, deep].map {
        $0.windowExtents[2...3].map(String.init).joined(separator: "×")
      }
      return "the 2D model sees images of \(shown[0]), the 3D model of \(shown[1])"
    }
    let (sources, targets) = try (
      flatModel.parameter("channels"), deepModel.parameter("channels")
    )
    let channels = ChannelStrategy.used(for: deepModel.record, from: sources, to: targets)
    guard channels.isExact(from: sources, to: targets) else {
      return "with channels \(channels.name) equal images do not give what they gave in 2D"
    }
    return nil
  }

  /// What is said when the slices do not run along the volume's last axis: the windows of these checks
  /// do.
  var otherAxis: String? {
    plan.options.depthAxis == 2 ? nil : "the slices run along axis \(plan.options.depthAxis)"
  }

  /// Weights stored in 16 bits keep promises only as far as their rounding allows.
  var bound: Double {
    switch kernelType {
    case .f16: 1e-2
    case .bf16: 8e-2
    default: 1e-4
    }
  }

  // MARK: What both are shown

  /// Height and width that both take; where both take any, what two windows of attention fill at the
  /// last stage: on a map of one window, implementations of Swin differ about shifting it.
  private var commonPlane: [Int]? {
    let planes = [flat, deep].map { Array($0.windowExtents[2...3]) }
    guard flat.window.isFlexible else {
      return planes[0] == planes[1] || deep.window.isFlexible ? planes[0] : nil
    }
    let filled = ["Height", "Width"].compactMap { axis in
      deepModel.parameters["window\(axis)"].map { window in
        window * (deepModel.parameters["patch\(axis)"] ?? 1)
          << (deepModel.parameters["stages"] ?? 1)
      }
    }
    return deep.window.isFlexible && deep.window.multiples[1] == 1 && filled.count == 2
      ? filled : planes[1]
  }

  /// Height and width of the slices that the two are compared on.
  var plane: (height: Int, width: Int) {
    let plane = commonPlane ?? Array(deep.windowExtents[2...3])
    return (plane[0], plane[1])
  }

  /// How many slices the 3D model's window is given: where it takes any number, as many as one
  /// window of its attention spans.
  var depth: Int {
    deep.window.isFlexible && deep.window.multiples[0] == 1
      ? patchDepth * (deepModel.parameters["windowDepth"] ?? 1) : deep.windowExtents[1]
  }

  /// How many slices one patch spans.
  var patchDepth: Int { deepModel.parameters["patchDepth"] ?? 1 }

  /// How many tokens lie behind each other along the depth.
  var layersOfTokens: Int { depth / max(1, patchDepth) }

  /// The share of the 2D kernel at every slice of a patch, as the conversion recorded it; nil without
  /// a record.
  var depthWeights: [Double]? {
    deepModel.record?.options["patch-embed"]
      .flatMap { try? DepthStrategy(parsing: $0) }?.weights(depth: patchDepth)
  }

  // MARK: How far they must agree

  /// What keeps the 3D model from computing what the 2D model does beyond its embedding.
  var differences: [String] {
    let rules = plan.dropped.map(\.rule) + plan.deviations.map(\.rule)
    var differences = Set(rules.filter { $0.effect != .none }).map {
      "\($0.consequence) (\($0.id))"
    }
    let resized = plan.tensors.filter { $0.exactness == .resized && !$0.role.isDecoder }
    if let first = resized.first {
      let others = resized.count > 1 ? " and \(resized.count - 1) more" : ""
      differences.append("\(first.key)\(others) had to be interpolated or told apart by depth")
    }
    if layersOfTokens > 1, deepModel.key(of: "classToken") != nil {
      differences.append("\(layersOfTokens) layers of tokens attend to one class token")
    }
    return differences.sorted()
  }

  /// Whether the two must give the same after a layer, on slices that are all the same to the 3D
  /// model.
  func mustAgree(after layer: String) -> Bool {
    if layer == "patchEmbedding" { return true }
    guard differences.isEmpty else { return false }
    if layer.hasPrefix("decoder.") || layer == "logits" {
      return windowsFit(upTo: .max) && !decoderDiffers
    }
    return windowsFit(upTo: layer)
  }

  /// Whether the decoder sees the volume's ends or is not the 2D model's, its classifier aside.
  private var decoderDiffers: Bool {
    plan.tensors.contains {
      $0.role.isDecoder && !$0.role.isCount && $0.exactness > .narrowed
        && !$0.role.path.hasPrefix("decoder.classifier.")
    }
  }

  /// Whether windows of attention end where the depth does in all stages up to the layer's: padding
  /// takes part in the attention, and cut windows take other rows of the bias table.
  func windowsFit(upTo layer: String) -> Bool {
    guard layer.hasPrefix("stages["), let stage = Int(layer.dropFirst(7).prefix { $0 != "]" })
    else { return windowsFit(upTo: .max) }
    return windowsFit(upTo: stage)
  }

  private func windowsFit(upTo last: Int) -> Bool {
    guard let window = deepModel.parameters["windowDepth"],
      let stages = deepModel.parameters["stages"]
    else { return true }
    return (0..<min(stages, last == .max ? stages : last + 1)).allSatisfy { stage in
      layersOfTokens(at: stage).isMultiple(of: window)
    }
  }

  private func layersOfTokens(at stage: Int) -> Int {
    let halves =
      deepModel.family.tensors.contains { $0.role.description.contains(".merge.") }
      && deep.window.multiples[0] > 1
    return halves ? layersOfTokens >> stage : layersOfTokens
  }

  /// Whether a layer's windows of attention lie alike from both ends of the depth. Every second block
  /// shifts them by half their extent, which an odd one does not have.
  func windowsLieAlike(at layer: String) -> Bool {
    guard let window = deepModel.parameters["windowDepth"], !window.isMultiple(of: 2),
      let stages = deepModel.parameters["stages"]
    else { return true }
    guard let shifted = (0..<stages).first(where: { layersOfTokens(at: $0) > window })
    else { return true }
    return (0..<shifted).contains { layer.hasPrefix("stages[\($0)]") }
      || layer.hasPrefix("stages[\(shifted)].blocks[0]")
  }
}
