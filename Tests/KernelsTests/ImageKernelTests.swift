import Kernels
import Testing

@Suite struct ImageKernelTests {
  static let mapShapes = [
    (1, 1, 1, 1), (1, 7, 3, 5), (5, 3, 9, 4), (8, 8, 16, 8), (13, 10, 7, 17), (19, 33, 5, 11),
  ]

  @Test(arguments: mapShapes, Convolution.Method.allCases)
  func convolutionAgreesWithItsPlainTwin(
    shape: (height: Int, width: Int, inputs: Int, outputs: Int), method: Convolution.Method
  ) {
    var random = SeededGenerator(seed: shape.height * 31 + shape.inputs)
    let input = random.map(shape.height, shape.width, shape.inputs)
    let weights = random.values(shape.outputs * shape.inputs * 9)
    let bias = random.values(shape.outputs)
    for (slope, activation) in [(Float(1), Activation.none), (0, .rectified)] {
      let convolution = Convolution(
        weights: weights, inputs: shape.inputs, outputs: shape.outputs, bias: bias,
        slope: slope, method: method)
      let plain = Plain.convolve(input, weights: weights, bias: bias, activation: activation)
      for set in VolumeKernelTests.sets {
        let output = unwrittenMap(shape.height, shape.width, shape.outputs)
        InstructionSet.$forced.withValue(set) { convolution.apply(to: input, into: output) }
        expectClose(output.pixels, plain.pixels, within: 1e-5)
      }
    }
  }

  @Test func winogradKeepsItsAccuracyOverManyChannels() {
    var random = SeededGenerator(seed: 77)
    let input = random.map(12, 12, 300, in: 0...1)
    let weights = random.values(8 * 300 * 9)
    let bias = random.values(8)
    let output = unwrittenMap(12, 12, 8)
    Convolution(weights: weights, inputs: 300, outputs: 8, bias: bias, method: .winograd)
      .apply(to: input, into: output)
    expectClose(
      output.pixels, Plain.convolve(input, weights: weights, bias: bias).pixels, within: 1e-5)
  }

  @Test func convolutionOfAPartOfAWiderMap() {
    var random = SeededGenerator(seed: 5)
    let input = random.map(9, 6, 20).channels(4..<11)
    let weights = random.values(6 * 7 * 9)
    let bias = random.values(6)
    let plain = Plain.convolve(input, weights: weights, bias: bias)
    for method in Convolution.Method.allCases {
      let whole = unwrittenMap(9, 6, 15)
      Convolution(weights: weights, inputs: 7, outputs: 6, bias: bias, method: method)
        .apply(to: input, into: whole.channels(5..<11))
      expectClose(whole.channels(5..<11).pixels, plain.pixels, within: 1e-5)
      expectUnwritten(whole.channels(0..<5).pixels)
      expectUnwritten(whole.channels(11..<15).pixels)
    }
  }

  @Test(arguments: mapShapes)
  func transposedConvolutionAgreesWithItsPlainTwin(
    shape: (height: Int, width: Int, inputs: Int, outputs: Int)
  ) {
    var random = SeededGenerator(seed: shape.height)
    let input = random.map(shape.height, shape.width, shape.inputs)
    let weights = random.values(shape.inputs * shape.outputs * 4)
    let bias = random.values(shape.outputs)
    let output = unwrittenMap(2 * shape.height, 2 * shape.width, shape.outputs)
    TransposedConvolution(
      weights: weights, inputs: shape.inputs, outputs: shape.outputs, bias: bias,
      activation: .gelu
    ).apply(to: input, into: output)
    let plain = Plain.convolveTransposed(input, weights: weights, bias: bias, activation: .gelu)
    expectClose(output.pixels, plain.pixels, within: 3e-6)
  }

  @Test(arguments: mapShapes)
  func poolsAgreeWithTheirPlainTwins(
    shape: (height: Int, width: Int, inputs: Int, outputs: Int)
  ) {
    var random = SeededGenerator(seed: shape.width)
    let input = random.map(shape.height, shape.width, shape.inputs)
    let largest = unwrittenMap(shape.height / 2, shape.width / 2, shape.inputs)
    maxPool(input, into: largest)
    #expect(largest.pixels.values == Plain.maxPool(input).pixels.values)
    for size in [1, 2, 3, 6] {
      let means = unwrittenMap(size, size, shape.inputs)
      adaptiveAveragePool(input, into: means)
      let plain = Plain.adaptiveAveragePool(input, height: size, width: size)
      expectClose(means.pixels, plain.pixels, within: 1e-6)
    }
  }

  @Test(arguments: mapShapes)
  func resizingAgreesWithItsPlainTwin(
    shape: (height: Int, width: Int, inputs: Int, outputs: Int)
  ) {
    var random = SeededGenerator(seed: shape.inputs)
    let input = random.map(shape.height, shape.width, shape.inputs, in: 1000...1001)
    for (height, width) in [(shape.height * 4, shape.width * 4), (7, 5), (1, 13)] {
      let plain = Plain.bilinearResize(input, height: height, width: width)
      let output = unwrittenMap(height, width, shape.inputs)
      bilinearResize(input, into: output)
      expectClose(output.pixels, plain.pixels, within: 3e-7)
      bilinearResize(input, accumulate: true, into: output)
      for (left, right) in zip(output.pixels.values, plain.pixels.values) {
        #expect(abs(left - 2 * right) < 1e-3)
      }
    }
  }

  @Test func foldedBatchNormalisationActsOnTheOutputs() {
    var random = SeededGenerator(seed: 21)
    let norm = BatchNormalisation(
      weight: [2, -1, 0.5], bias: [0.1, 0.2, 0.3], runningMean: [1, 2, -3],
      runningVariance: [4, 0.25, 0], epsilon: 1e-5)
    let input = random.matrix(6, 10)
    let weights = random.matrix(3, 10)
    let ownBias = random.values(3)
    var folded = weights.values
    norm.fold(into: &folded)
    let output = unwritten(6, 3)
    let weightsAndBias = PackedWeights(
      Matrix(rows: 3, columns: 10, values: folded), bias: norm.foldedBias(ownBias))
    multiply(input, by: weightsAndBias, into: output)
    let before = Plain.multiply(input, byTransposed: weights, bias: ownBias)
    let spread: [Double] = [2.002_498_4e0, 0.500_009_999_9, 0.003_162_277_66]
    let deviation = [(4 + 1e-5), (0.25 + 1e-5), 1e-5].map { $0.squareRoot() }
    #expect(abs(deviation[1] - spread[1]) < 1e-8)
    let plain = Matrix(rows: 6, columns: 3, repeating: 0)
    for row in 0..<6 {
      for (column, mean) in [1.0, 2, -3].enumerated() {
        let factor = [2.0, -1, 0.5][column]
        let summand = [0.1, 0.2, 0.3][column]
        plain[row, column] = Float(
          (Double(before[row, column]) - mean) / deviation[column] * factor + summand)
      }
    }
    expectClose(output, plain, within: 2e-6)
  }
}
