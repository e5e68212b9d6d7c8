import Kernels
import Testing

/// Results must be the same bits on one thread and on many.
@Suite(.serialized) struct ParallelismTests {
  private func expectSameOnAnyThreads(
    sourceLocation: SourceLocation = #_sourceLocation, _ work: () -> [Float]
  ) {
    let configured = Parallelism.threadCount
    defer { Parallelism.threadCount = configured }
    Parallelism.threadCount = 1
    let single = work()
    for count in [2, 3, 5] {
      Parallelism.threadCount = count
      #expect(work() == single, sourceLocation: sourceLocation)
    }
  }

  @Test func productsDoNotDependOnThreads() {
    var random = SeededGenerator(seed: 1)
    let input = random.matrix(410, 130)
    let weights = PackedWeights(random.matrix(290, 130))
    expectSameOnAnyThreads {
      let output = unwritten(410, 290)
      multiply(input, by: weights, activation: .gelu, into: output)
      return output.values
    }
  }

  @Test func attentionDoesNotDependOnThreads() {
    var random = SeededGenerator(seed: 2)
    let input = random.matrix(17 * 17 + 1, 3 * 24)
    let table = random.matrix(33 * 33 + 3, 3)
    let bias = RelativePositionBias(table: table, gridHeight: 17, gridWidth: 17)
    expectSameOnAnyThreads {
      let output = unwritten(17 * 17 + 1, 24)
      attention(queryKeyValue: input, headCount: 3, bias: bias, into: output)
      return output.values
    }
  }

  @Test(arguments: Convolution.Method.allCases)
  func convolutionsDoNotDependOnThreads(method: Convolution.Method) {
    var random = SeededGenerator(seed: 3)
    let input = random.map(70, 71, 20)
    let convolution = Convolution(
      weights: random.values(12 * 20 * 9), inputs: 20, outputs: 12, bias: random.values(12),
      method: method)
    expectSameOnAnyThreads {
      let output = unwrittenMap(70, 71, 12)
      convolution.apply(to: input, into: output)
      return output.pixels.values
    }
  }

  @Test(arguments: VolumeConvolution.Method.allCases)
  func volumeConvolutionsDoNotDependOnThreads(method: VolumeConvolution.Method) {
    var random = SeededGenerator(seed: 8)
    let input = FeatureMap(
      height: 14, width: 13, depth: 15, pixels: random.matrix(14 * 13 * 15, 9))
    let convolution = VolumeConvolution(
      weights: random.values(20 * 9 * 27), inputs: 9, outputs: 20, method: method)
    expectSameOnAnyThreads {
      let output = input.with(pixels: unwritten(input.pixelCount, 20))
      let moments = convolution.apply(to: input, into: output)
      return output.pixels.values + moments.variance.map(Float.init)
    }
  }
}
