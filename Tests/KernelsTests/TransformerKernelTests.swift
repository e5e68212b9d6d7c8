import Kernels
import Testing

@Suite struct TransformerKernelTests {
  @Test(arguments: VolumeKernelTests.sets)
  func geluIsExactOnBothSides(set: InstructionSet) {
    let values = stride(from: Float(-14), through: 14, by: 0.003_7).map { $0 }
    let matrix = Matrix(rows: 1, columns: values.count, values: values)
    InstructionSet.$forced.withValue(set) { apply(.gelu, to: matrix) }
    for (column, value) in values.enumerated() {
      let exact = Plain.gelu(Double(value))
      // Below −13 the result leaves the normal floats.
      let bound = max(abs(exact) * 4e-6, 1e-37)
      #expect(abs(Double(matrix[0, column]) - exact) <= bound, "\(value)")
    }
  }

  @Test func geluOfExtremes() {
    let denormal = Float.leastNormalMagnitude / 128
    let matrix = Matrix(
      rows: 1, columns: 6, values: [0, -0.0, .greatestFiniteMagnitude, -1e30, denormal, .nan])
    apply(.gelu, to: matrix)
    #expect(matrix[0, 0] == 0 && matrix[0, 1] == 0)
    #expect(matrix[0, 2] == .greatestFiniteMagnitude)
    #expect(matrix[0, 3] == 0)
    #expect(abs(matrix[0, 4] - denormal / 2) <= 2 * .leastNonzeroMagnitude)
    #expect(matrix[0, 5].isNaN)
  }

  @Test(arguments: 0..<24)
  func layerNormAgreesWithItsPlainTwin(seed: Int) {
    var random = SeededGenerator(seed: seed)
    let rows = Int.random(in: 1...70, using: &random)
    let columns = Int.random(in: 1...200, using: &random)
    let offset: Float = [0, 100, -30_000][seed % 3]
    let input = random.matrix(rows, columns, in: offset - 1...offset + 1)
    let (weight, bias) = (random.values(columns), random.values(columns))
    let epsilon = [1e-6, 1e-5][seed % 2]
    let output = unwritten(rows, columns)
    let plain = Plain.layerNorm(input, weight: weight, bias: bias, epsilon: epsilon)
    for set in VolumeKernelTests.sets {
      InstructionSet.$forced.withValue(set) {
        layerNorm(input, weight: weight, bias: bias, epsilon: epsilon, into: output)
      }
      expectClose(output, plain, within: 4e-6)
    }
  }

  @Test func layerNormOfConstantsAndDenormals() {
    let input = Matrix(rows: 2, columns: 19, repeating: 12_345.678)
    for column in 0..<19 { input[1, column] = Float(column) * .leastNonzeroMagnitude }
    let ones = [Float](repeating: 1, count: 19)
    let bias = (0..<19).map { Float($0) }
    layerNorm(input, weight: ones, bias: bias, epsilon: 1e-6, into: input)
    for row in 0..<2 {
      for column in 0..<19 { #expect(abs(input[row, column] - bias[column]) < 1e-6) }
    }
  }

  @Test func layerNormTellsEpsilonsApart() {
    var random = SeededGenerator(seed: 9)
    let input = random.matrix(4, 32, in: -2e-3...2e-3)
    let ones = [Float](repeating: 1, count: 32)
    let zeros = [Float](repeating: 0, count: 32)
    let output = unwritten(4, 32)
    layerNorm(input, weight: ones, bias: zeros, epsilon: 1e-6, into: output)
    let other = Plain.layerNorm(input, weight: ones, bias: zeros, epsilon: 1e-5)
    #expect(relativeDistance(output, other) > 1e-2)
  }

  @Test(arguments: [1, 5, 8, 63, 64, 130])
  func softmaxAgreesWithItsPlainTwin(columns: Int) {
    var random = SeededGenerator(seed: columns)
    for range in [Float(-1)...1, -200...200, 5e4...5.001e4] {
      let scores = random.matrix(5, columns, in: range)
      let plain = Matrix(
        rows: 5, columns: columns,
        values: (0..<5).flatMap { row in
          Plain.softmax((0..<columns).map { Double(scores[row, $0]) }).map { Float($0) }
        })
      softmax(scores)
      expectClose(scores, plain, within: 1e-6)
    }
  }

  @Test(arguments: [(1, 1, 1, 1), (3, 5, 3, 5), (4, 2, 2, 8), (12, 12, 2, 3), (2, 9, 1, 16)])
  func attentionAgreesWithItsPlainTwin(
    gridHeight: Int, gridWidth: Int, headCount: Int, headSize: Int
  ) {
    var random = SeededGenerator(seed: gridHeight * 100 + gridWidth)
    let tokens = gridHeight * gridWidth + 1
    let hidden = headCount * headSize
    let input = random.matrix(tokens, 3 * hidden, in: -2...2)
    let table = random.matrix((2 * gridHeight - 1) * (2 * gridWidth - 1) + 3, headCount)
    let output = unwritten(tokens, hidden)
    attention(
      queryKeyValue: input, headCount: headCount,
      bias: RelativePositionBias(table: table, gridHeight: gridHeight, gridWidth: gridWidth),
      into: output)
    let plain = Plain.attention(
      queryKeyValue: input, headCount: headCount, table: table, gridHeight: gridHeight,
      gridWidth: gridWidth)
    expectClose(output, plain, within: 3e-6)
    attention(queryKeyValue: input, headCount: headCount, into: output)
    expectClose(
      output, Plain.attention(queryKeyValue: input, headCount: headCount), within: 3e-6)
  }
}
