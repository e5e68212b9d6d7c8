import Architectures
import Kernels
import Tensors

/// The decoder of UNETR (Hatamizadeh et al., arXiv:2103.10504): tokens of four depths as volumes,
/// brought to ever finer grids, joined from the coarsest to the window itself.
struct UNETRDecoder: Decoder {
  let classes: Int
  private let channels: Int
  private let windowUnit: ConvolutionUnit
  /// For the tokens of the first three features, the shallowest first.
  private let projections: [ProjectionUp]
  private let steps: [UpBlock]
  private let classifier: LinearLayer
  private let stepNames = ["decoder5", "decoder4", "decoder3", "decoder2"]

  init(_ loader: WeightLoader) throws {
    let model = loader.model
    try ModelParts.checkLayers(of: model, count: 4)
    let (hidden, size) = (try model.parameter("hidden"), try model.parameter("featureSize"))
    // Always there in a residual block whose input is twice as wide as its output.
    let isResidual = loader.contains("decoder.decoder5.conv_block.conv3.conv.weight")
    classes = try model.parameter("classes")
    channels = try model.parameter("channels")
    windowUnit = try ConvolutionUnit(
      loader, "decoder.encoder1.layer", inputs: channels, outputs: size,
      scale: 0, isResidual: isResidual)
    projections = try (0..<3).map { level in
      try ProjectionUp(
        loader, "decoder.encoder\(level + 2)", hidden: hidden, outputs: size << (level + 1),
        steps: 2 - level, scale: level + 1, isResidual: isResidual)
    }
    steps = try (0..<4).map { step in
      try UpBlock(
        loader, "decoder.decoder\(5 - step)", inputs: step == 0 ? hidden : size << (4 - step),
        outputs: size << (3 - step), scale: 3 - step, isResidual: isResidual)
    }
    classifier = try LinearLayer(loader, classifier: "decoder.out.conv.conv", inputs: size, classes)
  }

  var segmentsVolume: Bool { true }

  func scoresExtents(for window: [Int]) -> [Int] { [window[2], window[3], window[1]] }

  func scores(
    from features: inout [FeatureMap], window: FloatTensor, _ pass: inout ForwardPass
  ) throws -> FeatureMap {
    var map = features.removeLast()
    for (number, step) in steps.enumerated() {
      map = try step.apply(to: map, workspace: pass.workspace) { target in
        if let feature = features.popLast() {
          let level = features.count
          projections[level].apply(to: feature, workspace: pass.workspace, into: target)
          try pass.look(at: target, as: "decoder.encoder\(level + 2)")
        } else {
          windowUnit.apply(
            to: FeatureMap(window: window, channels: channels, from: pass.workspace),
            workspace: pass.workspace,
            into: target)
          try pass.look(at: target, as: "decoder.encoder1")
        }
      }
      try pass.look(at: map, as: "decoder.\(stepNames[number])")
    }
    let scores = map.with(pixels: classifier(map.pixels, from: pass.workspace))
    try pass.look(at: scores, as: "decoder.out")
    return scores
  }

  var activationNames: [String] {
    let finer = ["encoder4", "encoder3", "encoder2", "encoder1"]
    return zip(finer, stepNames).flatMap { ["decoder.\($0)", "decoder.\($1)"] }
      + ["decoder.out"]
  }
}

/// Tokens brought to a finer grid by transposed convolutions, with a ``ConvolutionUnit`` after each
/// but the first where the model has them.
private struct ProjectionUp: Sendable {
  private let start: TransposedConvolution
  private let steps: [(doubling: TransposedConvolution, unit: ConvolutionUnit?)]

  init(
    _ loader: WeightLoader, _ role: Role, hidden: Int, outputs: Int, steps count: Int, scale: Int,
    isResidual: Bool
  ) throws {
    start = try TransposedConvolution(
      loader, volume: "\(role).transp_conv_init.conv.weight", inputs: hidden, outputs: outputs)
    steps = try (0..<count).map { step in
      let block: Role = "\(role).blocks.\(step)"
      guard loader.contains("\(block).0.conv.weight") else {
        return (
          try TransposedConvolution(
            loader, volume: "\(block).conv.weight", inputs: outputs, outputs: outputs), nil
        )
      }
      return (
        try TransposedConvolution(
          loader, volume: "\(block).0.conv.weight", inputs: outputs, outputs: outputs),
        try ConvolutionUnit(
          loader, "\(block).1", inputs: outputs, outputs: outputs,
          scale: scale + count - 1 - step, isResidual: isResidual)
      )
    }
  }

  func apply(to tokens: FeatureMap, workspace: Workspace, into target: FeatureMap) {
    var map = steps.isEmpty ? target : start.output(for: tokens, from: workspace)
    start.apply(to: tokens, workspace: workspace, into: map)
    for (number, step) in steps.enumerated() {
      let isLast = number == steps.count - 1
      guard let unit = step.unit else {
        let doubled = isLast ? target : step.doubling.output(for: map, from: workspace)
        step.doubling.apply(to: map, workspace: workspace, into: doubled)
        map = doubled
        continue
      }
      let doubled = step.doubling.doubled(map, workspace)
      map = isLast ? target : doubled.sibling(channels: doubled.channelCount, from: workspace)
      unit.apply(to: doubled, workspace: workspace, into: map)
    }
  }
}

extension LinearLayer {
  /// The 1 × 1 × 1 convolution that gives the scores.
  init(_ loader: WeightLoader, classifier role: Role, inputs: Int, _ classes: Int) throws {
    self.init(
      weights: try loader.matrix("\(role).weight", shape: [classes, inputs, 1, 1, 1]),
      bias: try loader.values("\(role).bias", shape: [classes]))
  }
}

extension FeatureMap {
  /// The window `[channels, depth, height, width]` as a map; a grey one stands in every channel.
  init(window: FloatTensor, channels: Int, from workspace: Workspace) {
    let values =
      window.shape[0] == channels
      ? window.values : (0..<channels).flatMap { _ in window.values }
    self.init(
      planar: values, channels: channels, depth: window.shape[1],
      height: window.shape[2], width: window.shape[3], from: workspace)
  }
}
