import Architectures
import Kernels

/// MONAI's step up: the map doubled by a transposed convolution, a finer map beside it, and a
/// ``ConvolutionUnit`` over both.
struct UpBlock: Sendable {
  private let doubling: TransposedConvolution
  private let unit: ConvolutionUnit
  private let outputs: Int

  init(
    _ loader: WeightLoader, _ role: Role, inputs: Int, outputs: Int, scale: Int, isResidual: Bool
  ) throws {
    self.outputs = outputs
    doubling = try TransposedConvolution(
      loader, volume: "\(role).transp_conv.conv.weight", inputs: inputs, outputs: outputs)
    unit = try ConvolutionUnit(
      loader, "\(role).conv_block", inputs: 2 * outputs, outputs: outputs, scale: scale,
      isResidual: isResidual)
  }

  /// - Parameters:
  ///   - input: let go as soon as it is doubled
  ///   - finer: writes the finer map to its half of the joint one, so that nothing is copied
  func apply(
    to input: consuming FeatureMap, workspace: Workspace, finer: (FeatureMap) throws -> Void
  ) rethrows -> FeatureMap {
    let joint = FeatureMap(
      height: 2 * input.height, width: 2 * input.width, depth: 2 * input.depth,
      channels: 2 * outputs, from: workspace)
    doubling.apply(to: input, workspace: workspace, into: joint.channels(0..<outputs))
    _ = consume input
    try finer(joint.channels(outputs..<2 * outputs))
    return unit.narrow(joint, workspace: workspace)
  }
}

extension TransposedConvolution {
  /// A transposed 2 × 2 × 2 convolution without bias.
  init(_ loader: WeightLoader, volume role: Role, inputs: Int, outputs: Int) throws {
    self.init(
      weights: try loader.values(role, shape: [inputs, outputs, 2, 2, 2]), inputs: inputs,
      outputs: outputs, doublesDepth: true)
  }

  func doubled(_ input: FeatureMap, _ workspace: Workspace) -> FeatureMap {
    let output = output(for: input, from: workspace)
    apply(to: input, workspace: workspace, into: output)
    return output
  }
}
