import Architectures
import Diagnostics
import Kernels

/// MONAI's block of two 3 × 3 × 3 convolutions, each followed by a normalisation and a leaky ReLU;
/// the residual one adds its input, convolved 1 × 1 × 1 where the channels differ, before the last
/// ReLU.
///
/// The first normalisation is not computed apart: the second convolution applies it to what it
/// reads.
struct ConvolutionUnit: Sendable {
  private let first: VolumeConvolution
  private let firstNorm: VolumeNormalisation
  private let second: VolumeConvolution
  private let secondNorm: VolumeNormalisation
  private let isResidual: Bool
  private let skip: (layer: LinearLayer, norm: VolumeNormalisation)?

  /// - Parameters:
  ///   - role: the block's
  ///   - scale: the block works on the window halved this many times
  init(
    _ loader: WeightLoader, _ role: Role, inputs: Int, outputs: Int, scale: Int, isResidual: Bool
  ) throws {
    self.isResidual = isResidual
    first = try VolumeConvolution(
      loader, "\(role).conv1.conv.weight", inputs: inputs, outputs: outputs, scale: scale)
    firstNorm = try VolumeNormalisation(loader, "\(role).norm1", channels: outputs)
    second = try VolumeConvolution(
      loader, "\(role).conv2.conv.weight", inputs: outputs, outputs: outputs, scale: scale)
    secondNorm = try VolumeNormalisation(loader, "\(role).norm2", channels: outputs)
    if isResidual, inputs != outputs {
      let weights = try loader.matrix(
        "\(role).conv3.conv.weight", shape: [outputs, inputs, 1, 1, 1])
      skip = (
        LinearLayer(weights: weights),
        try VolumeNormalisation(loader, "\(role).norm3", channels: outputs)
      )
    } else {
      skip = nil
    }
  }

  /// - Parameter output: must not be the input
  func apply(to input: FeatureMap, workspace: Workspace, into output: FeatureMap) {
    let (inner, transform) = inner(of: input, workspace)
    let result = second.apply(to: inner, through: transform, workspace: workspace, into: output)
    var shortcut: (map: FeatureMap, transform: ChannelTransform)?
    if let skip {
      // The inner map's values are used up.
      skip.layer(input.pixels, into: inner.pixels)
      shortcut = (inner, skip.norm.transform(ofSkip: inner))
    } else if isResidual {
      shortcut = (input, .identity)
    }
    finish(output, result, adding: shortcut)
  }

  /// For a block whose input is twice as wide as its output: the result takes the place of half of
  /// the input, and the shortcut that of the other half. At the window's own resolution these are
  /// the largest maps of all.
  func narrow(_ input: FeatureMap, workspace: Workspace) -> FeatureMap {
    let outputs = second.outputChannels
    precondition(input.channelCount == 2 * outputs)
    let (inner, transform) = inner(of: input, workspace)
    var shortcut: (map: FeatureMap, transform: ChannelTransform)?
    if let skip {
      skip.layer.replaceFirstColumns(of: input.pixels, workspace: workspace)
      let map = input.channels(0..<outputs)
      shortcut = (map, skip.norm.transform(ofSkip: map))
    }
    let output = input.channels(outputs..<2 * outputs)
    let result = second.apply(to: inner, through: transform, workspace: workspace, into: output)
    finish(output, result, adding: shortcut)
    return output
  }

  /// The first convolution, and what the second one has to do to it on reading.
  private func inner(
    of input: FeatureMap, _ workspace: Workspace
  ) -> (FeatureMap, ChannelTransform) {
    let inner = input.sibling(channels: second.outputChannels, from: workspace)
    let moments = first.apply(to: input, workspace: workspace, into: inner)
    return (inner, firstNorm.transform(moments).with(slope: leakySlope))
  }

  private func finish(
    _ output: FeatureMap, _ moments: ChannelMoments,
    adding shortcut: (map: FeatureMap, transform: ChannelTransform)?
  ) {
    let transform = secondNorm.transform(moments).with(slope: leakySlope)
    Kernels.apply(transform, to: output, adding: shortcut, into: output)
  }
}

/// The normalisation at a role: by each volume's own statistics, channel by channel or in groups of
/// channels, or by recorded ones.
struct VolumeNormalisation: Sendable {
  private let kind: Kind
  private let weight: [Float]?
  private let bias: [Float]?

  private enum Kind: Sendable {
    case instance
    case group(count: Int)
    case batch(ChannelTransform)
  }

  init(_ loader: WeightLoader, _ role: Role, channels: Int) throws {
    guard loader.contains("\(role).weight") else {
      (kind, weight, bias) = (.instance, nil, nil)
      return
    }
    let weight = try loader.values("\(role).weight", shape: [channels])
    let bias = try loader.values("\(role).bias", shape: [channels])
    (self.weight, self.bias) = (weight, bias)
    if loader.contains("\(role).runningMean") {
      let norm = try loader.batchNormalisation(role, channels: channels)
      kind = .batch(ChannelTransform(scale: norm.scale, shift: norm.shift))
    } else if loader.model.options["norm_name"] == "group" {
      kind = .group(count: try VolumeNormalisation.groupCount(loader.model, channels: channels))
    } else {
      kind = .instance
    }
  }

  private static func groupCount(_ model: RecognisedModel, channels: Int) throws -> Int {
    let count = try model.parameter("normGroups")
    guard count > 0, channels.isMultiple(of: count) else {
      throw Fault(
        .unsupportedModel, "\(channels) channels cannot be normalised in \(count) groups")
    }
    return count
  }

  /// What PyTorch's normalisations add to the variance; no checkpoint records it.
  static let epsilon = 1e-5

  func transform(_ moments: ChannelMoments) -> ChannelTransform {
    switch kind {
    case .batch(let transform): transform
    case .instance:
      moments.normalisation(weight: weight, bias: bias, epsilon: VolumeNormalisation.epsilon)
    case .group(let count):
      moments.normalisation(
        groups: count, weight: weight, bias: bias, epsilon: VolumeNormalisation.epsilon)
    }
  }

  /// The same for a map whose moments nobody has taken.
  func transform(ofSkip map: FeatureMap) -> ChannelTransform {
    if case .batch(let transform) = kind { return transform }
    return transform(ChannelMoments(of: map))
  }
}

extension VolumeConvolution {
  /// A convolution without bias, prepared for the window halved `scale` times.
  init(
    _ loader: WeightLoader, _ role: Role, inputs: Int, outputs: Int, scale: Int
  ) throws {
    let weights = try loader.values(role, shape: [outputs, inputs, 3, 3, 3])
    let extents = loader.expectedWindow.dropFirst().map { max(1, $0 >> scale) }
    self.init(
      weights: weights, inputs: inputs, outputs: outputs,
      method: .suited(height: extents[1], width: extents[2], depth: extents[0], inputs: inputs))
  }
}
