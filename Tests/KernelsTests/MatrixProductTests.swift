import Kernels
import Testing

@Suite struct MatrixProductTests {
  @Test(arguments: 0..<60)
  func agreesWithItsPlainTwin(seed: Int) {
    var random = SeededGenerator(seed: seed)
    let limit = seed.isMultiple(of: 10) ? 700 : 70
    let (rows, columns, inner) = (
      Int.random(in: 1...limit, using: &random), Int.random(in: 1...limit, using: &random),
      Int.random(in: 1...limit, using: &random)
    )
    let input = random.matrix(rows, inner)
    let weights = random.matrix(columns, inner)
    let bias = random.values(columns)
    let activation: Activation = [.none, .rectified, .gelu][seed % 3]
    let output = unwritten(rows, columns)
    multiply(
      input, by: PackedWeights(weights, bias: bias), activation: activation, into: output)
    let plain = Plain.multiply(
      input, byTransposed: weights, bias: bias, activation: activation)
    expectClose(output, plain, within: 2e-6)
  }

  @Test func accumulatesWithAndWithoutBias() {
    var random = SeededGenerator(seed: 1)
    let (input, weights) = (random.matrix(37, 19), random.matrix(23, 19))
    let start = random.matrix(37, 23)
    for bias in [nil, random.values(23)] {
      let output = Matrix(rows: 37, columns: 23, values: start.values)
      multiply(
        input, by: PackedWeights(weights, bias: bias), accumulate: true, into: output)
      let plain = Plain.multiply(input, byTransposed: weights, bias: bias, start: start)
      expectClose(output, plain, within: 2e-6)
    }
  }

  @Test func readsAndWritesPartsOfWiderMatrices() {
    var random = SeededGenerator(seed: 2)
    let input = random.matrix(40, 60).columns(11..<40)
    let weights = random.matrix(30, 50).columns(3..<32)
    let whole = unwritten(40, 90)
    multiply(input, by: PackedWeights(weights), into: whole.columns(20..<50))
    expectClose(
      whole.columns(20..<50), Plain.multiply(input, byTransposed: weights), within: 2e-6)
    expectUnwritten(whole.columns(0..<20))
    expectUnwritten(whole.columns(50..<90))
  }

  @Test func keepsDenormalsAndLargeOffsets() {
    var random = SeededGenerator(seed: 3)
    let bound = Float.leastNormalMagnitude / 8
    let tiny = random.matrix(9, 33, in: -bound...bound)
    let weights = random.matrix(17, 33)
    let output = unwritten(9, 17)
    multiply(tiny, by: PackedWeights(weights), into: output)
    let plain = Plain.multiply(tiny, byTransposed: weights)
    for (left, right) in zip(output.values, plain.values) {
      #expect(abs(left - right) <= 40 * .leastNonzeroMagnitude)
    }
    let large = random.matrix(9, 33, in: 1e6...1.000_01e6)
    multiply(large, by: PackedWeights(weights), into: output)
    expectClose(output, Plain.multiply(large, byTransposed: weights), within: 2e-6)
  }

  @Test func emptyProductsAreTheBias() {
    let output = unwritten(3, 2)
    multiply(
      Matrix(rows: 3, columns: 0), by: PackedWeights(Matrix(rows: 2, columns: 0), bias: [1, 2]),
      into: output)
    #expect(output.values == [1, 2, 1, 2, 1, 2])
    let none = Matrix(rows: 0, columns: 2)
    multiply(
      Matrix(rows: 0, columns: 5), by: PackedWeights(Matrix(rows: 2, columns: 5)), into: none)
    #expect(none.values == [])
  }

  /// What the centred kernels rest on: slices of zeros before and after leave every bit alone.
  @Test(arguments: [(5, 7, 9), (577, 96, 256), (64, 33, 700)])
  func addingProductsWithZerosChangesNothing(rows: Int, columns: Int, inner: Int) {
    var random = SeededGenerator(seed: inner)
    let (input, weights) = (random.matrix(rows, inner), random.matrix(columns, inner))
    let bias = random.values(columns)
    let alone = unwritten(rows, columns)
    multiply(
      input, by: PackedWeights(weights, bias: bias), into: alone)
    let among = unwritten(rows, columns)
    let zeros = Matrix(rows: columns, columns: inner, repeating: 0)
    multiply(random.matrix(rows, inner), by: PackedWeights(zeros, bias: bias), into: among)
    multiply(input, by: PackedWeights(weights), accumulate: true, into: among)
    multiply(
      random.matrix(rows, inner), by: PackedWeights(zeros), accumulate: true, into: among)
    #expect(alone.values == among.values)
  }
}
