import Diagnostics
import Kernels
import Testing

/// Every fast kernel against its plain twin, with each set of instructions that the machine has.
@Suite struct VolumeKernelTests {
  static let sets = InstructionSet.allCases.filter(\.isAvailable)

  private func withSet(_ set: InstructionSet, _ body: () -> Void) {
    InstructionSet.$forced.withValue(set, operation: body)
  }

  private func volume(
    _ random: inout SeededGenerator, _ extents: [Int], in range: ClosedRange<Float> = -1...1
  ) -> FeatureMap {
    FeatureMap(
      height: extents[0], width: extents[1], depth: extents[2],
      pixels: random.matrix(extents[0] * extents[1] * extents[2], extents[3], in: range))
  }

  @Test(
    arguments: sets,
    [
      [1, 1, 1, 1, 1], [1, 7, 3, 5, 3], [5, 3, 9, 4, 17], [8, 4, 4, 16, 8], [6, 10, 7, 19, 33],
      [13, 5, 2, 2, 16],
    ])
  func convolutionAgreesWithItsPlainTwin(set: InstructionSet, shape: [Int]) {
    var random = SeededGenerator(seed: shape.reduce(7) { $0 * 31 + $1 })
    let (inputs, outputs) = (shape[3], shape[4])
    let input = volume(&random, shape)
    let weights = random.values(outputs * inputs * 27)
    let plain = Plain.convolve(volume: input, weights: weights, outputs: outputs)
    let moments = Plain.moments(of: plain)
    withSet(set) {
      for method in VolumeConvolution.Method.allCases {
        let output = input.with(pixels: unwritten(input.pixelCount, outputs))
        let found = VolumeConvolution(
          weights: weights, inputs: inputs, outputs: outputs, method: method
        ).apply(to: input, into: output)
        expectClose(output.pixels, plain.pixels, within: 2e-5)
        for channel in 0..<outputs {
          #expect(abs(found.mean[channel] - moments.mean[channel]) < 1e-4)
          #expect(
            abs(found.variance[channel] - moments.variance[channel])
              <= 1e-3 * (moments.variance[channel] + 0.01))
        }
      }
    }
  }

  /// The frame stays zero whatever the transform makes of zero.
  @Test(arguments: sets, VolumeConvolution.Method.allCases)
  func convolutionTransformsItsInputButNotTheFrame(
    set: InstructionSet, method: VolumeConvolution.Method
  ) {
    var random = SeededGenerator(seed: 12)
    let wide = volume(&random, [5, 6, 7, 20])
    let input = wide.channels(3..<12)
    let weights = random.values(5 * 9 * 27)
    let transform = ChannelTransform(
      scale: random.values(9), shift: random.values(9), slope: 0.01)
    withSet(set) {
      let transformed = input.sibling(channels: 9)
      apply(transform, to: input, into: transformed)
      let output = input.with(pixels: unwritten(input.pixelCount, 8))
      VolumeConvolution(weights: weights, inputs: 9, outputs: 5, method: method)
        .apply(to: input, through: transform, into: output.channels(2..<7))
      expectClose(
        output.channels(2..<7).pixels,
        Plain.convolve(volume: transformed, weights: weights, outputs: 5).pixels, within: 2e-5)
      expectUnwritten(output.channels(0..<2).pixels)
      expectUnwritten(output.channels(7..<8).pixels)
    }
  }

  @Test(arguments: sets, [[1, 1, 1, 1, 1], [3, 2, 5, 9, 7], [4, 4, 4, 33, 20]])
  func transposedConvolutionAgreesWithItsPlainTwin(set: InstructionSet, shape: [Int]) {
    var random = SeededGenerator(seed: shape[4])
    let input = volume(&random, shape)
    let weights = random.values(shape[3] * shape[4] * 8)
    withSet(set) {
      let layer = TransposedConvolution(
        weights: weights, inputs: shape[3], outputs: shape[4], doublesDepth: true)
      let output = layer.output(for: input)
      layer.apply(to: input, into: output)
      let plain = Plain.convolveTransposed(volume: input, weights: weights, outputs: shape[4])
      expectClose(output.pixels, plain.pixels, within: 3e-6)
    }
  }

  /// Groups, weights, a large offset beside a small spread, a residual of its own scale.
  @Test(arguments: sets, [Float(0), 300])
  func normalisationAgreesWithItsDefinition(set: InstructionSet, offset: Float) {
    var random = SeededGenerator(seed: 4)
    let input = volume(&random, [9, 11, 13, 12], in: offset - 1...offset + 1)
    let other = volume(&random, [9, 11, 13, 12])
    let (weight, bias) = (random.values(12), random.values(12))
    withSet(set) {
      for groups in [12, 3, 1] {
        let transform = ChannelMoments(of: input).normalisation(
          groups: groups, weight: weight, bias: bias, epsilon: 1e-5)
        let output = input.sibling(channels: 12)
        apply(transform.with(slope: 0.01), to: input, adding: (other, .identity), into: output)
        let plain = Plain.moments(of: input)
        let expected = input.sibling(channels: 12)
        for channel in 0..<12 {
          let size = 12 / groups
          let group = channel / size * size..<(channel / size + 1) * size
          let mean = group.reduce(0) { $0 + plain.mean[$1] } / Double(size)
          let variance =
            group.reduce(0) {
              $0 + plain.variance[$1] + (plain.mean[$1] - mean) * (plain.mean[$1] - mean)
            } / Double(size)
          for pixel in 0..<input.pixelCount {
            let value =
              (Double(input.pixels[pixel, channel]) - mean) / (variance + 1e-5).squareRoot()
              * Double(weight[channel]) + Double(bias[channel])
              + Double(other.pixels[pixel, channel])
            expected.pixels[pixel, channel] = Float(value < 0 ? 0.01 * value : value)
          }
        }
        expectClose(output.pixels, expected.pixels, within: offset == 0 ? 1e-5 : 2e-4)
      }
    }
  }

  static let windows: [(extents: [Int], window: [Int], shift: [Int])] = [
    ([4, 4, 1], [2, 2, 1], [0, 0, 0]), ([5, 7, 1], [3, 3, 1], [1, 1, 0]),
    ([6, 5, 4], [4, 3, 2], [2, 1, 1]), ([3, 3, 3], [3, 3, 3], [0, 0, 0]),
    ([4, 9, 3], [4, 4, 3], [0, 2, 0]),
  ]

  @Test(arguments: sets, windows)
  func windowAttentionAgreesWithItsPlainTwin(
    set: InstructionSet, shape: (extents: [Int], window: [Int], shift: [Int])
  ) {
    let layout = WindowLayout(
      extents: shape.extents, window: shape.window, shift: shape.shift)
    var random = SeededGenerator(seed: layout.tokensInWindow)
    let pixels = shape.extents.reduce(1, *)
    let joint = random.matrix(pixels, 3 * 10, in: -2...2)
    let padding = random.values(30)
    let bias = windowBias(heads: 2, tokens: layout.tokensInWindow)
    random.matrix(bias.rowCount, bias.columnCount).copy(to: bias)
    withSet(set) {
      let output = unwritten(pixels, 10)
      WindowAttention(layout).apply(
        queryKeyValue: joint, padding: padding, headCount: 2, bias: bias, into: output)
      let plain = Plain.attention(
        in: layout, queryKeyValue: joint, padding: padding, headCount: 2, bias: bias)
      expectClose(output, plain, within: 3e-6)
    }
  }

  @Test(arguments: sets, [(1, 1, 1), (7, 5, 3), (97, 48, 144), (200, 33, 17), (13, 16, 16)])
  func packedProductAgreesWithItsPlainTwin(
    set: InstructionSet, shape: (rows: Int, inputs: Int, outputs: Int)
  ) {
    var random = SeededGenerator(seed: shape.rows)
    let input = random.matrix(shape.rows, shape.inputs)
    let weights = random.matrix(shape.outputs, shape.inputs)
    let bias = random.values(shape.outputs)
    let start = random.matrix(shape.rows, shape.outputs)
    withSet(set) {
      let packed = PackedWeights(weights, bias: bias)
      let output = unwritten(shape.rows, shape.outputs)
      multiply(input, by: packed, into: output)
      expectClose(
        output, Plain.multiply(input, byTransposed: weights, bias: bias), within: 3e-6)
      start.copy(to: output)
      multiply(input, by: packed, accumulate: true, activation: .leaky, into: output)
      expectClose(
        output,
        Plain.multiply(
          input, byTransposed: weights, bias: bias, start: start, activation: .leaky),
        within: 3e-6)
    }
  }

  @Test(arguments: sets)
  func productInPlaceReplacesTheFirstColumnsAlone(set: InstructionSet) {
    var random = SeededGenerator(seed: 31)
    let start = random.matrix(500, 21)
    let weights = random.matrix(9, 21)
    let bias = random.values(9)
    withSet(set) {
      let matrix = Matrix(rows: 500, columns: 21, values: start.values)
      multiplyInPlace(matrix, by: PackedWeights(weights, bias: bias))
      expectClose(
        matrix.columns(0..<9), Plain.multiply(start, byTransposed: weights, bias: bias),
        within: 3e-6)
      #expect(matrix.columns(9..<21).values == start.columns(9..<21).values)
    }
  }

  @Test(arguments: [Activation.leaky, .tanhGELU, .quickGELU])
  func activationsAgreeWithTheirDefinitions(activation: Activation) {
    let values = stride(from: Float(-30), through: 30, by: 0.013).map { $0 } + [-1e30, 1e30]
    let input = Matrix(rows: values.count, columns: 1, values: values)
    let one = PackedWeights(Matrix(rows: 1, columns: 1, values: [1]))
    let output = unwritten(values.count, 1)
    multiply(input, by: one, activation: activation, into: output)
    for (row, value) in values.enumerated() {
      let exact = Plain.apply(activation, to: Double(value))
      #expect(abs(Double(output[row, 0]) - exact) <= max(abs(exact) * 4e-6, 1e-6), "\(value)")
    }
  }

  @Test func aSetThatDoesNotExistIsNamed() throws {
    #expect(try InstructionSet.requested("portable") == .portable)
    #expect(try InstructionSet.requested("") == InstructionSet.requested(nil))
    #expect(throws: Fault.self) { try InstructionSet.requested("sse9") }
  }
}
