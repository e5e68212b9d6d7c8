import CKernels

/// A 3 × 3 × 3 convolution with stride 1 and a layer of zeros around the volume, its weights
/// arranged once for the method that suits the volume's size.
package struct VolumeConvolution: Sendable {
  package let inputChannels: Int
  package let outputChannels: Int
  private let weights: Weights

  private enum Weights: Sendable {
    case direct(DirectWeights)
    /// `[216, panel, inputs, 16]`: position in the 6 × 6 × 6 cube, output, input.
    case winograd(FloatBuffer)
  }

  /// How the same sums are computed.
  package enum Method: Sendable, CaseIterable {
    /// Tap by tap, each pixel's input found through a pointer; taps in the frame are left out.
    case direct
    /// F(4 × 4 × 4, 3 × 3 × 3): an eighth of the multiplications, weights of eight times the size.
    case winograd

    /// Below 12 × 12 × 12 a tile is half empty and the weights weigh more than the volume; with
    /// few inputs the transforms are the larger part.
    package static func suited(height: Int, width: Int, depth: Int, inputs: Int) -> Method {
      let tiles = [height, width, depth].reduce(1) { $0 * (($1 + 3) / 4) }
      return inputs > 4 && tiles >= 27 ? .winograd : .direct
    }
  }

  /// - Parameter weights: `[outputs, inputs, 3, 3, 3]`, as checkpoints store them
  package init(weights: [Float], inputs: Int, outputs: Int, method: Method) {
    precondition(weights.count == outputs * inputs * 27)
    inputChannels = inputs
    outputChannels = outputs
    self.weights =
      switch method {
      case .direct:
        .direct(DirectWeights(weights, inputs: inputs, outputs: outputs, slices: 3))
      case .winograd:
        .winograd(VolumeConvolution.transformed(weights, inputs: inputs, outputs: outputs))
      }
  }

  private static func transformed(_ weights: [Float], inputs: Int, outputs: Int) -> FloatBuffer {
    let panels = Panels.count(for: outputs)
    let packed = FloatBuffer(count: 216 * panels * inputs * 16)
    weights.withUnsafeBufferPointer { weights in
      parallelFor(panels) { panel in
        ck_winograd_weights(
          weights.baseAddress!, inputs, outputs, panel, panels, packed.base)
      }
    }
    return packed
  }

  /// - Parameters:
  ///   - input: `[height, width, depth, inputs]`
  ///   - transform: what is done to the input as it is read; the frame stays zero
  ///   - output: `[height, width, depth, outputs]`
  /// - Returns: the moments of the output
  @discardableResult
  package func apply(
    to input: FeatureMap, through transform: ChannelTransform = .identity,
    workspace: Workspace? = nil, into output: FeatureMap
  ) -> ChannelMoments {
    precondition(input.channelCount == inputChannels && output.channelCount == outputChannels)
    precondition(input.hasExtents(of: output) && input.pixelCount > 0)
    switch weights {
    case .winograd(let weights):
      return convolveByWinograd(input, weights, transform, workspace: workspace, into: output)
    case .direct(let weights):
      guard !transform.isIdentity else {
        return weights.convolveAndMeasure(input, into: output)
      }
      let transformed = input.sibling(channels: inputChannels, from: workspace)
      Kernels.apply(transform, to: input, into: transformed)
      return weights.convolveAndMeasure(transformed, into: output)
    }
  }
}

/// Both maps as the C kernels see them.
func withMaps<Result>(
  _ first: FeatureMap, _ second: FeatureMap, _ body: (ck_map, ck_map) -> Result
) -> Result {
  withRows(first.pixels, second.pixels) { body(first.layout($0), second.layout($1)) }
}

extension FeatureMap {
  fileprivate func layout(_ rows: Rows) -> ck_map {
    ck_map(
      values: rows.base, stride: rows.rowStride, height: height, width: width, depth: depth,
      channels: channelCount)
  }
}
