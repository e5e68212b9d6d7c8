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
    let outputs = second.outputChannels
    let inner = input.sibling(channels: outputs, from: workspace)
    let moments = first.apply(to: input, workspace: workspace, into: inner)
    let transform = firstNorm.transform(moments).with(slope: leakySlope)
    let result = second.apply(to: inner, through: transform, workspace: workspace, into: output)
    let last = secondNorm.transform(result).with(slope: leakySlope)
    guard isResidual else {
      Kernels.apply(last, to: output, into: output)
      return
    }
    guard let skip else {
      Kernels.apply(last, to: output, adding: (input, .identity), into: output)
      return
    }
    // The inner map's values are used up.
    skip.layer(input.pixels, into: inner.pixels)
    let other = skip.norm.transform(ofSkip: inner)
    Kernels.apply(last, to: output, adding: (inner, other), into: output)
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
