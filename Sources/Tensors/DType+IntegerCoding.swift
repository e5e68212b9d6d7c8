extension DType {
  /// Signed 64-bit integers as `I64` stores them: little-endian.
  package static func bytes(of integers: [Int64]) -> [UInt8] {
    integers.map(\.littleEndian).withUnsafeBytes { Array($0) }
  }
}
