import CKernels

/// Weights of a 3 × 3 or a 3 × 3 × 3 convolution tap by tap.
struct DirectWeights: Sendable {
  private let inputs: Int
  private let outputs: Int
  /// 1 for images, 3 for volumes.
  private let slices: Int
  /// `[panel, 9 · slices · inputs, 16]`
  private let packed: FloatBuffer

  /// - Parameter weights: `[outputs, inputs, 3, 3]` or `[outputs, inputs, 3, 3, 3]`, as checkpoints
  ///   store them
  init(_ weights: [Float], inputs: Int, outputs: Int, slices: Int) {
    self.inputs = inputs
    self.outputs = outputs
    self.slices = slices
    let (panels, taps) = (Panels.count(for: outputs), 9 * slices)
    let packed = FloatBuffer(count: panels * taps * inputs * Panels.width)
    weights.withUnsafeBufferPointer { weights in
      parallelFor(panels) { panel in
        for tap in 0..<taps {
          for input in 0..<inputs {
            let target = packed.base + ((panel * taps + tap) * inputs + input) * Panels.width
            for lane in 0..<Panels.width {
              let output = panel * Panels.width + lane
              target[lane] = output < outputs ? weights[(output * inputs + input) * taps + tap] : 0
            }
          }
        }
      }
    }
    self.packed = packed
  }

  /// - Returns: the moments of the output
  func convolveAndMeasure(_ input: FeatureMap, into output: FeatureMap) -> ChannelMoments {
    guard panelPieces == 1 else {
      convolve(input, into: output)
      return ChannelMoments(of: output)
    }
    let pieces = MomentPieces(
      count: DirectWeights.pieceCount(of: input), channels: outputs)
    convolve(input, moments: pieces, into: output)
    return pieces.joined()
  }

  /// Panels too large for the second cache are gone through one by one, all pixels each.
  private var panelPieces: Int { packed.count <= 64 << 10 ? 1 : Panels.count(for: outputs) }

  private static let pieceSize = 1024

  private static func pieceCount(of map: FeatureMap) -> Int {
    (map.pixelCount + pieceSize - 1) / pieceSize
  }

  /// Each pixel's inputs are found through pointers, so that nothing is gathered.
  ///
  /// - Parameter moments: where the moments of each piece of the output go, if all panels are gone
  ///   through together
  func convolve(
    _ input: FeatureMap, bias: PaddedChannels? = nil, moments: MomentPieces? = nil,
    into output: FeatureMap
  ) {
    let kernels = InstructionSet.kernels
    let zeros = PaddedChannels([Float](repeating: 0, count: inputs))
    let panelPieces = panelPieces
    let panelsAtOnce = Panels.count(for: outputs) / panelPieces
    withMaps(input, output) { source, target in
      parallelFor(panelPieces * DirectWeights.pieceCount(of: input)) { index in
        let (piece, panelPiece) = index.quotientAndRemainder(dividingBy: panelPieces)
        let first = piece * DirectWeights.pieceSize
        let count = min(DirectWeights.pieceSize, input.pixelCount - first)
        withUnsafePointer(to: source) { source in
          withUnsafePointer(to: target) { target in
            kernels.direct(
              source, zeros.base, packed.base, slices, panelPiece * panelsAtOnce, panelsAtOnce,
              bias?.base, first, count, target)
          }
        }
        moments?.withPiece(piece) { moments in
          kernels.moments(
            target.values + first * target.stride, target.stride, count, outputs, moments)
        }
      }
    }
  }
}
