import CKernels

/// A 3 × 3 × 3 convolution with stride 1 and a layer of zeros around the volume, its weights
/// arranged once for the method that suits the volume's size.
package struct VolumeConvolution: Sendable {
  package let inputChannels: Int
  package let outputChannels: Int
  package let method: Method
  /// Direct: `[panel, 27 · inputs, 16]`; Winograd: `[216, panel, inputs, 16]`.
  let weights: FloatBuffer

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
    self.method = method
    switch method {
    case .direct:
      self.weights = VolumeConvolution.tapByTap(weights, inputs: inputs, outputs: outputs)
    case .winograd:
      self.weights = VolumeConvolution.transformed(weights, inputs: inputs, outputs: outputs)
    }
  }

  var panelCount: Int { Panels.count(for: outputChannels) }

  private static func tapByTap(_ weights: [Float], inputs: Int, outputs: Int) -> FloatBuffer {
    let panels = Panels.count(for: outputs)
    let packed = FloatBuffer(count: panels * 27 * inputs * 16)
    weights.withUnsafeBufferPointer { weights in
      parallelFor(panels) { panel in
        for tap in 0..<27 {
          for input in 0..<inputs {
            let target = packed.base + ((panel * 27 + tap) * inputs + input) * 16
            for lane in 0..<16 {
              let output = panel * 16 + lane
              target[lane] = output < outputs ? weights[(output * inputs + input) * 27 + tap] : 0
            }
          }
        }
      }
    }
    return packed
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
    switch method {
    case .winograd:
      return convolveByWinograd(input, transform, workspace: workspace, into: output)
    case .direct:
      guard !transform.isIdentity else {
        return convolveDirectly(input, workspace: workspace, into: output)
      }
      let transformed = input.sibling(channels: inputChannels, from: workspace)
      Kernels.apply(transform, to: input, into: transformed)
      return convolveDirectly(transformed, workspace: workspace, into: output)
    }
  }

  private func convolveDirectly(
    _ input: FeatureMap, workspace: Workspace?, into output: FeatureMap
  ) -> ChannelMoments {
    let kernels = InstructionSet.kernels
    let zeros = FloatBuffer(count: inputChannels)
    zeros.base.update(repeating: 0, count: inputChannels)
    // Panels too large for the second cache are gone through one by one, all pixels each.
    let panelsAtOnce = 27 * inputChannels * 16 * panelCount <= 64 << 10 ? panelCount : 1
    let panelPieces = panelCount / panelsAtOnce
    let pixelPieces = (input.pixelCount + 1023) / 1024
    let pieces = MomentPieces(count: pixelPieces, channels: outputChannels)
    withMaps(input, output) { source, target in
      parallelFor(panelPieces * pixelPieces) { index in
        let (pixelPiece, panelPiece) = index.quotientAndRemainder(dividingBy: panelPieces)
        let first = pixelPiece * 1024
        let count = min(1024, input.pixelCount - first)
        withUnsafePointer(to: source) { source in
          withUnsafePointer(to: target) { target in
            kernels.direct(
              source, zeros.base, weights.base, panelPiece * panelsAtOnce, panelsAtOnce, nil,
              first, count, target)
          }
        }
        guard panelPieces == 1 else { return }
        pieces.withPiece(pixelPiece) { moments in
          kernels.moments(
            target.values + first * target.stride, target.stride, count, outputChannels, moments)
        }
      }
    }
    return panelPieces == 1 ? pieces.joined() : ChannelMoments(of: output)
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
