/// A 3 × 3 convolution with stride 1 and one pixel of zeros around the map, its weights arranged
/// once for the method that suits the map's size.
package struct Convolution: Sendable {
  package let inputChannels: Int
  package let outputChannels: Int
  let bias: PaddedChannels
  /// What negative results are multiplied by: 1 leaves them, 0 is ReLU.
  let slope: Float
  private let weights: Weights

  /// How the same sums are computed.
  package enum Method: Sendable, CaseIterable {
    /// Tap by tap, each pixel's input found through a pointer; taps in the frame are left out.
    case direct
    /// F(4 × 4, 3 × 3): a quarter of the multiplications, weights of four times the size.
    case winograd

    /// Winograd's method wins on every map that was measured, from 12 × 12 up; on small maps of
    /// large models the gain is not worth the memory for its weights.
    package static func suited(
      height: Int, width: Int, inputs: Int, outputs: Int
    ) -> Method {
      let tiles = ((height + 3) / 4) * ((width + 3) / 4)
      return tiles >= 64 || 36 * inputs * outputs <= 4 << 20 ? .winograd : .direct
    }
  }

  private enum Weights: Sendable {
    case direct(DirectWeights)
    /// `[36, panel, inputs, 16]`: position in the 6 × 6 square, output, input.
    case winograd(FloatBuffer)
  }

  /// - Parameter weights: `[outputs, inputs, 3, 3]`, as checkpoints store them
  package init(
    weights: [Float], inputs: Int, outputs: Int, bias: [Float], slope: Float = 1, method: Method
  ) {
    precondition(weights.count == outputs * inputs * 9 && bias.count == outputs)
    inputChannels = inputs
    outputChannels = outputs
    self.bias = PaddedChannels(bias)
    self.slope = slope
    self.weights =
      switch method {
      case .direct:
        .direct(DirectWeights(weights, inputs: inputs, outputs: outputs, slices: 1))
      case .winograd: .winograd(Convolution.transformed(weights, inputs: inputs, outputs: outputs))
      }
  }

  /// - Parameters:
  ///   - input: `[height, width, inputs]`
  ///   - output: `[height, width, outputs]`
  package func apply(to input: FeatureMap, workspace: Workspace? = nil, into output: FeatureMap) {
    precondition(input.channelCount == inputChannels && output.channelCount == outputChannels)
    precondition(input.hasExtents(of: output) && input.depth == 1)
    guard input.pixelCount > 0 else { return }
    switch weights {
    case .direct(let weights):
      weights.convolve(input, bias: bias, into: output)
      if slope != 1 { Kernels.apply(ChannelTransform(slope: slope), to: output, into: output) }
    case .winograd(let weights):
      convolveByWinograd(input, weights, workspace: workspace, into: output)
    }
  }
}
