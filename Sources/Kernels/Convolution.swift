/// A 3 × 3 convolution with stride 1 and one pixel of zeros around the map, its weights arranged
/// once for the method that suits the map's size.
package struct Convolution: Sendable {
  package let inputChannels: Int
  package let outputChannels: Int
  let bias: [Float]
  let activation: Activation
  private let weights: Weights

  /// How the same sums are computed.
  package enum Method: Sendable, CaseIterable {
    /// Nine matrix products, one a tap, over the map moved by that tap.
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

    /// Floats that the arranged weights take.
    package func weightCount(inputs: Int, outputs: Int) -> Int {
      switch self {
      case .direct: 9 * inputs * outputs
      case .winograd: 36 * inputs * outputs
      }
    }
  }

  private enum Weights: Sendable {
    case direct(DirectWeights)
    case winograd(WinogradWeights)
  }

  /// - Parameter weights: `[outputs, inputs, 3, 3]`, as checkpoints store them
  package init(
    weights: [Float], inputs: Int, outputs: Int, bias: [Float], activation: Activation = .none,
    method: Method
  ) {
    precondition(weights.count == outputs * inputs * 9 && bias.count == outputs)
    inputChannels = inputs
    outputChannels = outputs
    self.bias = bias
    self.activation = activation
    self.weights =
      switch method {
      case .direct: .direct(DirectWeights(weights, inputs: inputs, outputs: outputs))
      case .winograd: .winograd(WinogradWeights(weights, inputs: inputs, outputs: outputs))
      }
  }

  /// - Parameters:
  ///   - input: `[height, width, inputs]`
  ///   - output: `[height, width, outputs]`
  package func apply(to input: FeatureMap, workspace: Workspace? = nil, into output: FeatureMap) {
    precondition(input.channelCount == inputChannels && output.channelCount == outputChannels)
    precondition(input.height == output.height && input.width == output.width)
    guard input.height > 0, input.width > 0 else { return }
    switch weights {
    case .direct(let weights):
      convolveDirectly(input, weights, workspace: workspace, into: output)
    case .winograd(let weights):
      convolveByWinograd(input, weights, workspace: workspace, into: output)
    }
  }
}
