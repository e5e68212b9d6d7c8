extension DType {
  /// The place of the first NaN or infinity among stored elements; nil when there is none, or when
  /// the type is no floating-point type of 16 bits or more.
  ///
  /// Numbers are not decoded: those that are not finite have all bits of the exponent set.
  package func firstNonFinite(in bytes: RawSpan) -> Int? {
    guard isFloatingPoint else { return nil }
    return bytes.withUnsafeBytes { raw in
      switch self {
      case .f32: DType.firstSaturated(raw, exponent: 0x7F80_0000 as UInt32)
      case .f16: DType.firstSaturated(raw, exponent: 0x7C00 as UInt16)
      case .bf16: DType.firstSaturated(raw, exponent: 0x7F80 as UInt16)
      default: DType.firstSaturated(raw, exponent: 0x7FF0_0000_0000_0000 as UInt64)
      }
    }
  }

  /// Looks for one block by block, so that the compiler can vectorise the look at each.
  @inline(__always)
  private static func firstSaturated<Bits: FixedWidthInteger>(
    _ raw: UnsafeRawBufferPointer, exponent: Bits
  ) -> Int? {
    let width = MemoryLayout<Bits>.size
    let count = raw.count / width
    let isSaturated = { (index: Int) in
      let stored = raw.loadUnaligned(fromByteOffset: index &* width, as: Bits.self)
      return Bits(littleEndian: stored) & exponent == exponent
    }
    var start = 0
    while start < count {
      let end = min(start &+ 4096, count)
      var found: Bits = 0
      for index in start..<end { found |= isSaturated(index) ? 1 : 0 }
      if found != 0 { return (start..<end).first(where: isSaturated) }
      start = end
    }
    return nil
  }
}
