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
        case .f32:
          for index in 0..<count {
            buffer[index] = Float(
              bitPattern: UInt32(
                littleEndian: raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
          }
        case .f16:
          for index in 0..<count {
            buffer[index] = DType.float(
              fromHalf: UInt16(
                littleEndian: raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))
          }
        case .bf16:
          for index in 0..<count {
            let half = UInt16(
              littleEndian: raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            buffer[index] = Float(bitPattern: UInt32(half) << 16)
          }
        default:
          for index in 0..<count {
            let bits = UInt64(
              littleEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            buffer[index] = Float(Double(bitPattern: bits))
          }
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
    let width = bitWidth / 8
    return [UInt8](unsafeUninitializedCapacity: values.count * width) { buffer, initializedCount in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      for (index, value) in values.enumerated() {
        switch self {
        case .f32:
          raw.storeBytes(
            of: value.bitPattern.littleEndian, toByteOffset: index * 4, as: UInt32.self)
        case .f16:
          raw.storeBytes(
            of: DType.half(from: value).littleEndian, toByteOffset: index * 2, as: UInt16.self)
        case .bf16:
          raw.storeBytes(
            of: DType.brainHalf(from: value).littleEndian, toByteOffset: index * 2, as: UInt16.self)
        default:
          raw.storeBytes(
            of: Double(value).bitPattern.littleEndian, toByteOffset: index * 8, as: UInt64.self)
        }
      }
      initializedCount = values.count * width
    }
  }

  /// IEEE binary16 to binary32; exact for every pattern, NaN payloads kept.
  package static func float(fromHalf half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let exponent = UInt32(half >> 10) & 0x1F
    let fraction = UInt32(half & 0x3FF)
    switch exponent {
    case 0:
      let magnitude = Float(fraction) * 0x1p-24
      return Float(bitPattern: magnitude.bitPattern | sign)
    case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  /// IEEE binary32 to binary16, rounded to nearest, ties to even; overflow gives infinity.
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
  package static func brainHalf(from value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    let odd = (bits >> 16) & 1
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ odd) >> 16)
  }
}
