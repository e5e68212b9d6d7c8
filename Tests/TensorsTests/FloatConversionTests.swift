import Diagnostics
import Tensors
import Testing

@Suite("Converting half-precision numbers")
struct FloatConversionTests {
  @Test("every half-precision pattern becomes the number that the standard library reads in it")
  func everyHalf() {
    var wrong = 0
    for pattern in UInt16.min ... .max {
      let expected = Float(Float16(bitPattern: pattern))
      let converted = DType.float(fromHalf: pattern)
      if expected.isNaN {
        // The payload stays, a signalling NaN's too; the standard library makes it a quiet one.
        let payload = UInt32(pattern & 0x8000) << 16 | 0x7F80_0000 | UInt32(pattern & 0x3FF) << 13
        if converted.bitPattern != payload { wrong += 1 }
      } else if converted.bitPattern != expected.bitPattern {
        wrong += 1
      }
    }
    #expect(wrong == 0)
  }

  @Test("every half-precision pattern survives the way to 32 bits and back")
  func roundTrip() {
    var wrong = 0
    for pattern in UInt16.min ... .max {
      let back = DType.half(from: DType.float(fromHalf: pattern))
      let isNaN = pattern & 0x7FFF > 0x7C00
      // A signalling NaN comes back quiet.
      if back != (isNaN ? pattern | 0x200 : pattern) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  /// Numbers next to every half-precision number, next to the middle between it and the next, and
  /// in that middle.
  private static func neighbours(of pattern: UInt16) -> [Float] {
    let value = DType.float(fromHalf: pattern)
    let next = pattern == 0x7BFF ? 65_536 : DType.float(fromHalf: pattern + 1)
    let middle = (value + next) / 2
    return [value.nextDown, value, value.nextUp, middle.nextDown, middle, middle.nextUp]
  }

  @Test("rounding is to nearest, ties to even, as the standard library's, around every number")
  func roundingToHalf() {
    var wrong: [Float] = []
    for pattern in UInt16.min...0x7BFF {
      for value in Self.neighbours(of: pattern) {
        for signed in [value, -value]
        where DType.half(from: signed) != Float16(signed).bitPattern { wrong.append(signed) }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test("random numbers of all magnitudes round as the standard library's do")
  func randomToHalf() {
    var generator = SplitMix(state: 1)
    var wrong: [Float] = []
    for index in 0..<2_000_000 {
      var bits = UInt32(truncatingIfNeeded: generator.next())
      // Half of them where half precision has numbers.
      if index.isMultiple(of: 2) { bits = bits & 0x8FFF_FFFF | 0x3000_0000 }
      let value = Float(bitPattern: bits)
      if value.isNaN {
        if !Float16(bitPattern: DType.half(from: value)).isNaN { wrong.append(value) }
      } else if DType.half(from: value) != Float16(value).bitPattern {
        wrong.append(value)
      }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test("what half precision cannot hold becomes infinity or zero, with its sign")
  func extremes() {
    let cases: [(Float, UInt16)] = [
      (65_504, 0x7BFF), (65_519.996, 0x7BFF), (65_520, 0x7C00), (65_536, 0x7C00),
      (.greatestFiniteMagnitude, 0x7C00), (.infinity, 0x7C00), (-.infinity, 0xFC00),
      (-65_520, 0xFC00), (0, 0), (-0.0, 0x8000), (0x1p-24, 1), (0x1p-25, 0), (0x1.8p-24, 2),
      (Float(0x1p-25).nextUp, 1), (-0x1p-25, 0x8000), (.leastNonzeroMagnitude, 0),
      (-.leastNonzeroMagnitude, 0x8000), (0x1p-14, 0x400), (Float(0x1p-14).nextDown, 0x400),
    ]
    for (value, pattern) in cases { #expect(DType.half(from: value) == pattern, "\(value)") }
  }

  /// The bfloat16 nearest to a number, found by looking at both candidates.
  private static func nearestBrainHalf(to value: Float) -> UInt16 {
    let down = UInt16(truncatingIfNeeded: value.bitPattern >> 16)
    // One beyond the largest number is 2¹²⁸ to the rounding, and infinity to the result.
    let magnitudes = [down, down + 1].map { pattern in
      pattern & 0x7FFF == 0x7F80
        ? 0x1p128 : abs(Double(Float(bitPattern: UInt32(pattern) << 16)))
    }
    let distances = magnitudes.map { abs($0 - abs(Double(value))) }
    if distances[0] == distances[1] { return down.isMultiple(of: 2) ? down : down + 1 }
    return distances[0] < distances[1] ? down : down + 1
  }

  @Test("every bfloat16 pattern survives the way to 32 bits and back")
  func brainHalfRoundTrip() throws {
    var wrong = 0
    for pattern in UInt16.min ... .max {
      let value = Float(bitPattern: UInt32(pattern) << 16)
      if DType.brainHalf(from: value) != (value.isNaN ? pattern | 0x40 : pattern) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test("rounding to bfloat16 is to nearest, ties to even")
  func roundingToBrainHalf() {
    var generator = SplitMix(state: 2)
    var wrong: [Float] = []
    func check(_ bits: UInt32) {
      let value = Float(bitPattern: bits)
      guard value.isFinite else { return }
      if DType.brainHalf(from: value) != Self.nearestBrainHalf(to: value) { wrong.append(value) }
    }
    for pattern in UInt32.min...0xFFFF {
      for low in [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF] as [UInt32] { check(pattern << 16 | low) }
    }
    for _ in 0..<200_000 { check(UInt32(truncatingIfNeeded: generator.next())) }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test("a NaN stays a NaN in both, even one whose payload lies in the low bits alone")
  func notANumber() {
    for bits in [0x7F80_0001, 0xFF80_0001, 0x7FC0_0000, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt32] {
      let value = Float(bitPattern: bits)
      #expect(Float16(bitPattern: DType.half(from: value)).isNaN)
      #expect(Float(bitPattern: UInt32(DType.brainHalf(from: value)) << 16).isNaN)
      #expect(DType.half(from: value) & 0x8000 == UInt16(bits >> 16) & 0x8000)
      #expect(DType.brainHalf(from: value) & 0x8000 == UInt16(bits >> 16) & 0x8000)
    }
  }
}

/// A seeded generator: the same numbers on every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
