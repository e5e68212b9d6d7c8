import Architectures
import Diagnostics
import Kernels
import Tensors

/// UPerNet (Xiao et al., arXiv:1807.10221): four maps, each half as large as the one before, are
/// joined from the coarsest to the finest, and each pixel of the finest is classified.
///
/// Over a transformer's equally large maps stands the pyramid that BEiT puts before it, which brings
/// them to 4, 2, 1 and ½ times the token grid; the stages of a Swin have those sizes by themselves.
///
/// Every batch normalisation is taken into the weights of the convolution before it.
struct UPerNetHead: Decoder {
  static let levelCount = 4
  /// The sides of the grids that the pooling modules average the coarsest map to.
  static let poolingScales = [1, 2, 3, 6]

  let channels: Int
  let classes: Int
  private let finest: [Int]
  private let pyramid: UPerNetPyramid?
  private let pooling: [LinearLayer]
  private let poolingBottleneck: Convolution
  private let lateral: [LinearLayer]
  private let topDown: [Convolution]
  private let fusion: Convolution
  private let classifier: LinearLayer

  /// - Parameter grid: height and width of the first map that the head is given
  /// - Throws: `unsupported-model` for another arrangement than the paper's, or what loading the
  ///   weights brings up.
  init(_ loader: WeightLoader, grid: [Int]) throws {
    channels = try loader.model.parameter("decoderChannels")
    classes = try loader.model.parameter("classes")
    let hasPyramid = loader.contains("decoder.pyramid[0].upsample[0].weight")
    try UPerNetHead.checkArrangement(loader.model, grid: grid, hasPyramid: hasPyramid)
    let channels = channels
    pyramid = hasPyramid ? try UPerNetPyramid(loader) : nil
    let widths = try UPerNetHead.widths(loader.model, hasPyramid: hasPyramid)
    let sizes = UPerNetHead.sizes(grid: grid, hasPyramid: hasPyramid)
    finest = sizes[0]
    pooling = try UPerNetHead.poolingScales.indices.map {
      try LinearLayer(
        loader, convolution: "decoder.pooling[\($0)]", inputs: widths[3], outputs: channels)
    }
    poolingBottleneck = try Convolution(
      loader, "decoder.poolingBottleneck",
      inputs: widths[3] + UPerNetHead.poolingScales.count * channels, outputs: channels,
      height: sizes[3][0], width: sizes[3][1])
    lateral = try (0..<3).map {
      try LinearLayer(
        loader, convolution: "decoder.lateral[\($0)]", inputs: widths[$0], outputs: channels)
    }
    topDown = try (0..<3).map { level in
      try Convolution(
        loader, "decoder.topDown[\(level)]", inputs: channels, outputs: channels,
        height: sizes[level][0], width: sizes[level][1])
    }
    fusion = try Convolution(
      loader, "decoder.fusion", inputs: UPerNetHead.levelCount * channels, outputs: channels,
      height: sizes[0][0], width: sizes[0][1])
    classifier = LinearLayer(
      weights: try loader.matrix("decoder.classifier.weight", shape: [classes, channels, 1, 1]),
      bias: try loader.values("decoder.classifier.bias", shape: [classes]))
  }

  /// The channels of the four maps.
  private static func widths(_ model: RecognisedModel, hasPyramid: Bool) throws -> [Int] {
    if hasPyramid {
      return [Int](repeating: try model.parameter("hidden"), count: levelCount)
    }
    let width = try model.parameter("embedding")
    return (0..<levelCount).map { width << $0 }
  }

  /// Heights and widths of the four maps.
  private static func sizes(grid: [Int], hasPyramid: Bool) -> [[Int]] {
    if hasPyramid { return (0..<levelCount).map { level in grid.map { $0 * 4 >> level } } }
    return (0..<levelCount).map { level in grid.map { ($0 + (1 << level) - 1) >> level } }
  }

  private static func checkArrangement(
    _ model: RecognisedModel, grid: [Int], hasPyramid: Bool
  ) throws {
    try ModelParts.checkLayers(of: model, count: hasPyramid ? levelCount : nil)
    guard model.parameters["poolingScales"].map({ $0 == poolingScales.count }) ?? true else {
      throw Fault(
        .unsupportedModel,
        "\(model.parameters["poolingScales"]!) pooling modules; UPerNet has \(poolingScales.count)")
    }
    guard !hasPyramid || grid.allSatisfy({ $0 > 1 }) else {
      throw Fault(
        .unsupportedModel, "a token grid of \(grid[0]) × \(grid[1]) cannot be halved")
    }
  }

  var activationNames: [String] {
    let levels = 0..<UPerNetHead.levelCount
    return (pyramid == nil ? [] : levels.map { "decoder.pyramid[\($0)]" })
      + ["decoder.poolingBottleneck"] + levels.dropLast().map { "decoder.lateral[\($0)]" }
      + levels.dropLast().map { "decoder.topDown[\($0)]" }
      + ["decoder.fusion", "decoder.classifier"]
  }

  /// Four scores along each axis of a pixel of the finest map.
  func scoresExtents(for window: [Int]) -> [Int] { [4 * finest[0], 4 * finest[1], 1] }
}

extension UPerNetHead {
  /// - Parameter features: four maps, the finest or the shallowest first
  /// - Returns: scores at four times the finest map's size
  func scores(
    from features: inout [FeatureMap], window: FloatTensor, _ pass: inout ForwardPass
  ) throws -> FeatureMap {
    let workspace = pass.workspace
    var laterals: [FeatureMap] = []
    features.reverse()
    while let feature = features.popLast() {
      let level = laterals.count
      let map = pyramid?.level(level, of: feature, workspace) ?? feature
      if pyramid != nil { try pass.look(at: map, as: "decoder.pyramid[\(level)]") }
      if level < lateral.count {
        laterals.append(map.with(pixels: lateral[level](map.pixels, from: workspace)))
        try pass.look(at: laterals[level], as: "decoder.lateral[\(level)]")
      } else {
        laterals.append(pooled(map, workspace))
        try pass.look(at: laterals[level], as: "decoder.poolingBottleneck")
      }
    }
    for level in (1..<laterals.count).reversed() {
      bilinearResize(
        laterals[level], accumulate: true, workspace: workspace, into: laterals[level - 1])
    }
    let fused = try fuse(&laterals, &pass)
    try pass.look(at: fused, as: "decoder.fusion")
    let scores = fused.with(pixels: classifier(fused.pixels, from: workspace))
    try pass.look(at: scores, as: "decoder.classifier")
    return scores.enlarged(by: 4, workspace)
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
    _ laterals: inout [FeatureMap], _ pass: inout ForwardPass
  ) throws -> FeatureMap {
    let workspace = pass.workspace
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
        try pass.look(at: part, as: "decoder.topDown[0]")
      } else {
        let output = topDown[level](map, from: workspace)
        try pass.look(at: output, as: "decoder.topDown[\(level)]")
        bilinearResize(output, workspace: workspace, into: part)
      }
    }
    return fusion(joint, from: workspace)
  }
}

extension FeatureMap {
  /// Resized bilinearly by a whole factor.
  func enlarged(by factor: Int, _ workspace: Workspace) -> FeatureMap {
    let output = FeatureMap(
      height: factor * height, width: factor * width, channels: channelCount, from: workspace)
    bilinearResize(self, workspace: workspace, into: output)
    return output
  }
}
