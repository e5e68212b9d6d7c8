import Diagnostics

/// Conversion between stored bytes and 32-bit floats. Stored numbers are little-endian.
extension DType {
  /// - Throws: `wrong-dtype` when the type is no floating-point type of 16 bits or more.
  package func decodeFloats(_ bytes: RawSpan) throws -> [Float] {
    guard isFloatingPoint else {
      throw Fault(
        .wrongDType, "\(self) where floating-point weights are expected",
        remedy: "convert the tensor to F32, F16, BF16 or F64 first")
    }
    let count = bytes.byteCount / (bitWidth / 8)
    return [Float](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      bytes.withUnsafeBytes { raw in
        switch self {
        // Every machine that Swift runs on stores them as the file does.
        case .f32:
          UnsafeMutableRawBufferPointer(buffer)
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: raw.prefix(4 * count)))
        case .f16: DType.decode(raw, into: buffer, count) { DType.float(fromHalf: $0) }
        case .bf16:
          DType.decode(raw, into: buffer, count) { (bits: UInt16) in
            Float(bitPattern: UInt32(bits) << 16)
          }
        default: DType.decode(raw, into: buffer, count) { Float(Double(bitPattern: $0)) }
        }
      }
      initializedCount = count
    }
  }

  /// - Throws: `wrong-dtype` when the type is no floating-point type of 16 bits or more.
  package func encode(_ values: [Float]) throws -> [UInt8] {
    guard isFloatingPoint else {
      throw Fault(.wrongDType, "floating-point weights cannot be stored as \(self)")
    }
    let byteCount = values.count * (bitWidth / 8)
    return [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initializedCount in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      switch self {
      case .f32: values.withUnsafeBytes { raw.copyMemory(from: $0) }
      case .f16: DType.encode(values, into: raw) { DType.half(from: $0) }
      case .bf16: DType.encode(values, into: raw) { DType.brainHalf(from: $0) }
      default: DType.encode(values, into: raw) { Double($0).bitPattern }
      }
      initializedCount = byteCount
    }
  }

  // One loop for all widths, made anew for each conversion so that the compiler can vectorise it.

  @inline(__always)
  private static func decode<Bits: FixedWidthInteger>(
    _ raw: UnsafeRawBufferPointer, into buffer: UnsafeMutableBufferPointer<Float>, _ count: Int,
    _ convert: (Bits) -> Float
  ) {
    for index in 0..<count {
      let stored = raw.loadUnaligned(
        fromByteOffset: index &* MemoryLayout<Bits>.size, as: Bits.self)
      buffer[index] = convert(Bits(littleEndian: stored))
    }
  }

  @inline(__always)
  private static func encode<Bits: FixedWidthInteger>(
    _ values: [Float], into raw: UnsafeMutableRawBufferPointer, _ convert: (Float) -> Bits
  ) {
    for index in values.indices {
      raw.storeBytes(
        of: convert(values[index]).littleEndian, toByteOffset: index &* MemoryLayout<Bits>.size,
        as: Bits.self)
    }
  }

  /// IEEE binary16 to binary32; exact for every pattern, NaN payloads kept.
  @inline(__always)
  package static func float(fromHalf half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let magnitude = UInt32(half & 0x7FFF)
    let shifted = magnitude << 13
    let normal = shifted &+ 112 << 23
    // Below 2⁻¹⁴ the fraction has no leading one: it is given one, which is then taken away.
    let subnormal = Float(bitPattern: shifted &+ 113 << 23) - 0x1p-14
    let special = shifted | 0x7F80_0000
    let bits =
      magnitude >= 0x7C00 ? special : magnitude >= 0x400 ? normal : subnormal.bitPattern
    return Float(bitPattern: sign | bits)
  }

  /// IEEE binary32 to binary16, rounded to nearest, ties to even; overflow gives infinity.
  @inline(__always)
  package static func half(from value: Float) -> UInt16 {
    let bits = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
    let magnitude = bits & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 {
      return sign | 0x7E00 | UInt16(truncatingIfNeeded: magnitude >> 13) & 0x3FF
    }
    if magnitude >= 0x4780_0000 { return sign | 0x7C00 }
    if magnitude < 0x3880_0000 {
      // Subnormal: adding 0.5 puts the unit of the last half-precision place into bit 0, and the
      // processor's own rounding does the rest.
      let shifted = Float(bitPattern: magnitude) + 0.5
      return sign | UInt16(truncatingIfNeeded: shifted.bitPattern &- Float(0.5).bitPattern)
    }
    let odd = (magnitude >> 13) & 1
    return sign | UInt16(truncatingIfNeeded: (magnitude &- 0x3800_0000 &+ 0xFFF &+ odd) >> 13)
  }

  /// IEEE binary32 to bfloat16, rounded to nearest, ties to even.
  @inline(__always)
  package static func brainHalf(from value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    let odd = (bits >> 16) & 1
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ odd) >> 16)
  }
}
