import Kernels
import Testing

/// SplitMix64: the same values on every machine and in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: Int) { state = UInt64(bitPattern: Int64(seed)) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func values(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  mutating func matrix(_ rows: Int, _ columns: Int, in range: ClosedRange<Float> = -1...1)
    -> Matrix
  {
    Matrix(rows: rows, columns: columns, values: values(rows * columns, in: range))
  }

  mutating func map(
    _ height: Int, _ width: Int, _ channels: Int, in range: ClosedRange<Float> = -1...1
  ) -> FeatureMap {
    FeatureMap(height: height, width: width, pixels: matrix(height * width, channels, in: range))
  }
}

/// A matrix full of NaN: whatever a kernel fails to write shows.
func unwritten(_ rows: Int, _ columns: Int) -> Matrix {
  Matrix(rows: rows, columns: columns, repeating: .nan)
}

func unwrittenMap(_ height: Int, _ width: Int, _ channels: Int) -> FeatureMap {
  FeatureMap(height: height, width: width, pixels: unwritten(height * width, channels))
}

/// The largest difference, as a part of the oracle's largest magnitude; NaN anywhere is infinite.
func relativeDistance(_ fast: Matrix, _ plain: Matrix) -> Float {
  guard fast.rowCount == plain.rowCount, fast.columnCount == plain.columnCount else {
    return .infinity
  }
  var difference: Float = 0
  var magnitude: Float = .leastNormalMagnitude
  for (left, right) in zip(fast.values, plain.values) {
    guard left.isFinite, right.isFinite else { return .infinity }
    difference = max(difference, abs(left - right))
    magnitude = max(magnitude, abs(right))
  }
  return difference / magnitude
}

func expectClose(
  _ fast: Matrix, _ plain: Matrix, within bound: Float,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let distance = relativeDistance(fast, plain)
  #expect(distance <= bound, sourceLocation: sourceLocation)
}

func expectUnwritten(_ matrix: Matrix, sourceLocation: SourceLocation = #_sourceLocation) {
  let written = matrix.values.filter { !$0.isNaN }
  #expect(written.isEmpty, sourceLocation: sourceLocation)
}
