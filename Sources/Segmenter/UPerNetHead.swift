import Architectures
import Diagnostics
import Kernels

/// UPerNet over a transformer's equally large feature maps (Xiao et al., arXiv:1807.10221, with
/// the pyramid that BEiT puts before it): four maps are brought to 4, 2, 1 and ½ times the token
/// grid, joined from the coarsest to the finest, and each pixel of the finest is classified.
///
/// Every batch normalisation is taken into the weights of the convolution before it.
struct UPerNetHead: Sendable {
  static let levelCount = 4
  /// The sides of the grids that the pooling modules average the coarsest map to.
  static let poolingScales = [1, 2, 3, 6]

  let channels: Int
  let classes: Int
  private let geometry: SegmenterGeometry
  private let doubling: [TransposedConvolution]
  private let quadrupling: TransposedConvolution
  private let pooling: [LinearLayer]
  private let poolingBottleneck: Convolution
  private let lateral: [LinearLayer]
  private let topDown: [Convolution]
  private let fusion: Convolution
  private let classifier: LinearLayer

  /// - Throws: `unsupported-model` for another arrangement than the paper's, or what loading the
  ///   weights brings up.
  init(_ loader: WeightLoader, _ geometry: SegmenterGeometry) throws {
    self.geometry = geometry
    channels = try loader.model.parameter("decoderChannels")
    classes = try loader.model.parameter("classes")
    try UPerNetHead.checkArrangement(loader.model, geometry)
    let (hidden, channels) = (geometry.hidden, channels)
    let (height, width) = (geometry.gridHeight, geometry.gridWidth)
    doubling = [
      try TransposedConvolution(
        loader, "decoder.pyramid[0].upsample[0]", hidden, norm: "decoder.pyramid[0].norm"),
      try TransposedConvolution(loader, "decoder.pyramid[1].upsample[0]", hidden),
    ]
    quadrupling = try TransposedConvolution(loader, "decoder.pyramid[0].upsample[1]", hidden)
    pooling = try UPerNetHead.poolingScales.indices.map {
      try LinearLayer(
        loader, convolution: "decoder.pooling[\($0)]", inputs: hidden, outputs: channels)
    }
    poolingBottleneck = try Convolution(
      loader, "decoder.poolingBottleneck",
      inputs: hidden + UPerNetHead.poolingScales.count * channels, outputs: channels,
      height: height / 2, width: width / 2)
    lateral = try (0..<3).map {
      try LinearLayer(
        loader, convolution: "decoder.lateral[\($0)]", inputs: hidden, outputs: channels)
    }
    topDown = try (0..<3).map { level in
      try Convolution(
        loader, "decoder.topDown[\(level)]", inputs: channels, outputs: channels,
        height: height * 4 >> level, width: width * 4 >> level)
    }
    fusion = try Convolution(
      loader, "decoder.fusion", inputs: UPerNetHead.levelCount * channels, outputs: channels,
      height: 4 * height, width: 4 * width)
    classifier = LinearLayer(
      weights: try loader.matrix("decoder.classifier.weight", shape: [classes, channels, 1, 1]),
      bias: try loader.values("decoder.classifier.bias", shape: [classes]))
  }

  private static func checkArrangement(
    _ model: RecognisedModel, _ geometry: SegmenterGeometry
  ) throws {
    guard model.decoderLayers.count == levelCount else {
      throw Fault(
        .unsupportedModel,
        "the decoder takes the outputs of \(levelCount) blocks, not of \(model.decoderLayers.count)",
        remedy: "name them with --layers, counted from 0")
    }
    for layer in model.decoderLayers where !(0..<geometry.depth).contains(layer) {
      throw Fault(
        .unsupportedModel, "block \(layer) for the decoder, in a model of \(geometry.depth)",
        remedy: "name other blocks with --layers, counted from 0")
    }
    guard model.parameters["poolingScales"].map({ $0 == poolingScales.count }) ?? true else {
      throw Fault(
        .unsupportedModel,
        "\(model.parameters["poolingScales"]!) pooling modules; UPerNet has \(poolingScales.count)")
    }
    guard geometry.gridHeight > 1, geometry.gridWidth > 1 else {
      throw Fault(
        .unsupportedModel,
        "a token grid of \(geometry.gridHeight) × \(geometry.gridWidth) cannot be halved")
    }
  }

  var activationNames: [String] {
    let levels = 0..<UPerNetHead.levelCount
    return levels.map { "decoder.pyramid[\($0)]" }
      + ["decoder.poolingBottleneck"] + levels.dropLast().map { "decoder.lateral[\($0)]" }
      + levels.dropLast().map { "decoder.topDown[\($0)]" }
      + ["decoder.fusion", "decoder.classifier"]
  }
}

extension UPerNetHead {
  /// - Parameter features: the tokens `[tokens, hidden]` of four blocks
  /// - Returns: scores `[4 · gridHeight, 4 · gridWidth, classes]`
  func run(
    _ features: [Matrix], workspace: Workspace, taps: inout ActivationTaps
  ) throws -> FeatureMap {
    var laterals: [FeatureMap] = []
    for (level, feature) in features.enumerated() {
      let map = pyramidLevel(level, of: feature, workspace)
      try taps.pass(map, as: "decoder.pyramid[\(level)]")
      if level < lateral.count {
        let pixels = lateral[level](map.pixels, from: workspace)
        laterals.append(FeatureMap(height: map.height, width: map.width, pixels: pixels))
        try taps.pass(laterals[level], as: "decoder.lateral[\(level)]")
      } else {
        laterals.append(pooled(map, workspace))
        try taps.pass(laterals[level], as: "decoder.poolingBottleneck")
      }
    }
    for level in (1..<laterals.count).reversed() {
      bilinearResize(
        laterals[level], accumulate: true, workspace: workspace, into: laterals[level - 1])
    }
    let fused = try fuse(&laterals, workspace, &taps)
    try taps.pass(fused, as: "decoder.fusion")
    let scores = FeatureMap(
      height: fused.height, width: fused.width, pixels: classifier(fused.pixels, from: workspace))
    try taps.pass(scores, as: "decoder.classifier")
    return scores
  }

  /// The tokens as an image of 4, 2, 1 or ½ times the grid.
  private func pyramidLevel(
    _ level: Int, of tokens: Matrix, _ workspace: Workspace
  ) -> FeatureMap {
    let grid = FeatureMap(
      height: geometry.gridHeight, width: geometry.gridWidth, pixels: tokens)
    switch level {
    case 0:
      return quadrupling.doubled(doubling[0].doubled(grid, workspace), workspace)
    case 1: return doubling[1].doubled(grid, workspace)
    case 2: return grid
    default:
      let half = FeatureMap(
        height: grid.height / 2, width: grid.width / 2, channels: grid.channelCount,
        from: workspace)
      maxPool(grid, into: half)
      return half
    }
  }

  /// The coarsest map beside its averages over ever finer grids, convolved.
  private func pooled(_ map: FeatureMap, _ workspace: Workspace) -> FeatureMap {
    let parts = FeatureMap(
      height: map.height, width: map.width, channels: poolingBottleneck.inputChannels,
      from: workspace)
    map.pixels.copy(to: parts.channels(0..<map.channelCount).pixels)
    var first = map.channelCount
    for (scale, layer) in zip(UPerNetHead.poolingScales, pooling) {
      let means = FeatureMap(
        height: scale, width: scale, channels: map.channelCount, from: workspace)
      adaptiveAveragePool(map, into: means)
      let projected = layer(means.pixels, from: workspace)
      bilinearResize(
        FeatureMap(height: scale, width: scale, pixels: projected), workspace: workspace,
        into: parts.channels(first..<first + channels))
      first += channels
    }
    return poolingBottleneck(parts, from: workspace)
  }

  /// All levels at the size of the finest, side by side, convolved.
  ///
  /// Each result goes straight to its channels of the joint map, and each level is let go as soon
  /// as it is there.
  private func fuse(
    _ laterals: inout [FeatureMap], _ workspace: Workspace, _ taps: inout ActivationTaps
  ) throws -> FeatureMap {
    let (height, width) = (laterals[0].height, laterals[0].width)
    let joint = FeatureMap(
      height: height, width: width, channels: fusion.inputChannels, from: workspace)
    while let map = laterals.popLast() {
      let level = laterals.count
      let part = joint.channels(level * channels..<(level + 1) * channels)
      guard level < topDown.count else {
        bilinearResize(map, workspace: workspace, into: part)
        continue
      }
      if level == 0 {
        topDown[level].apply(to: map, workspace: workspace, into: part)
        try taps.pass(part, as: "decoder.topDown[0]")
      } else {
        let output = topDown[level](map, from: workspace)
        try taps.pass(output, as: "decoder.topDown[\(level)]")
        bilinearResize(output, workspace: workspace, into: part)
      }
    }
    return fusion(joint, from: workspace)
  }
}
