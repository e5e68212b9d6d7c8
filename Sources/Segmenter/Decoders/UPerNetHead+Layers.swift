import Architectures
import Kernels

/// The head's layers from their roles, each with its batch normalisation taken in.

extension LinearLayer {
  /// A 1 × 1 convolution at `<role>.convolution`, the batch normalisation at `<role>.norm`, ReLU.
  init(_ loader: WeightLoader, convolution role: Role, inputs: Int, outputs: Int) throws {
    let norm = try loader.batchNormalisation("\(role).norm", channels: outputs)
    var weights = try loader.values(
      "\(role).convolution.weight", shape: [outputs, inputs, 1, 1])
    norm.fold(into: &weights)
    self.init(
      weights: Matrix(rows: outputs, columns: inputs, values: weights), bias: norm.shift,
      activation: .rectified)
  }
}

extension Convolution {
  /// A 3 × 3 convolution at `<role>.convolution`, the batch normalisation at `<role>.norm`, ReLU,
  /// prepared for maps of one size.
  init(
    _ loader: WeightLoader, _ role: Role, inputs: Int, outputs: Int, height: Int, width: Int
  ) throws {
    let norm = try loader.batchNormalisation("\(role).norm", channels: outputs)
    var weights = try loader.values(
      "\(role).convolution.weight", shape: [outputs, inputs, 3, 3])
    norm.fold(into: &weights)
    self.init(
      weights: weights, inputs: inputs, outputs: outputs, bias: norm.shift, slope: 0,
      method: .suited(height: height, width: width, inputs: inputs, outputs: outputs))
  }

  func callAsFunction(_ input: FeatureMap, from workspace: Workspace) -> FeatureMap {
    let output = FeatureMap(
      height: input.height, width: input.width, channels: outputChannels, from: workspace)
    apply(to: input, workspace: workspace, into: output)
    return output
  }
}

extension TransposedConvolution {
  /// A transposed convolution that keeps the number of channels; with `norm`, batch normalisation
  /// and GELU after it.
  init(_ loader: WeightLoader, _ role: Role, _ channels: Int, norm: Role? = nil) throws {
    let weights = try loader.values("\(role).weight", shape: [channels, channels, 2, 2])
    let bias = try loader.values("\(role).bias", shape: [channels])
    let norm = try norm.map { try loader.batchNormalisation($0, channels: channels) }
    self.init(
      weights: weights, inputs: channels, outputs: channels, bias: bias, norm: norm,
      activation: norm == nil ? .none : .gelu)
  }
}
