import Diagnostics

/// Stored numbers as 64-bit floats, which hold every real type but integers beyond 2⁵³ exactly.
extension DType {
  /// Whether each element is one real number: floating-point types of 16 bits or more, and integers.
  package var holdsRealNumbers: Bool {
    switch self {
    case .i8, .u8, .i16, .u16, .i32, .u32, .i64, .u64: true
    default: isFloatingPoint
    }
  }

  /// How many elements at a time a reader of a large tensor does well to take.
  package static let stretch = 1 << 14

  /// The elements in `range` of a tensor's bytes.
  ///
  /// - Throws: `wrong-dtype` when the type holds no real numbers.
  package func realNumbers(_ range: Range<Int>, of bytes: RawSpan) throws -> [Double] {
    let width = bitWidth / 8
    let part = bytes.extracting(range.lowerBound * width..<range.upperBound * width)
    switch self {
    case .f64: return DType.numbers(part) { Double(bitPattern: $0) }
    case .i8: return DType.numbers(part) { (stored: Int8) in Double(stored) }
    case .u8: return DType.numbers(part) { (stored: UInt8) in Double(stored) }
    case .i16: return DType.numbers(part) { (stored: Int16) in Double(stored) }
    case .u16: return DType.numbers(part) { (stored: UInt16) in Double(stored) }
    case .i32: return DType.numbers(part) { (stored: Int32) in Double(stored) }
    case .u32: return DType.numbers(part) { (stored: UInt32) in Double(stored) }
    case .i64: return DType.numbers(part) { (stored: Int64) in Double(stored) }
    case .u64: return DType.numbers(part) { (stored: UInt64) in Double(stored) }
    default: return try decodeFloats(part).map(Double.init)
    }
  }

  @inline(__always)
  private static func numbers<Bits: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: RawSpan, _ convert: (Bits) -> Double
  ) -> [Double] {
    (0..<bytes.byteCount / MemoryLayout<Bits>.size).map { index in
      convert(
        Bits(
          littleEndian: bytes.unsafeLoadUnaligned(
            fromByteOffset: index &* MemoryLayout<Bits>.size, as: Bits.self)))
    }
  }
}
