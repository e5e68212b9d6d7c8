import Diagnostics
import Tensors
import Testing

@Suite("Storing numbers")
struct FloatCodingTests {
  private let values: [Float] = [0, -0.0, 1, -2.5, 65_504, 0x1p-24, .infinity, -.infinity]

  private func decode(_ bytes: [UInt8], as dtype: DType) throws -> [Float] {
    try dtype.decodeFloats(bytes.span.bytes)
  }

  @Test("numbers are stored little-endian")
  func bytes() throws {
    #expect(try DType.f32.encode([1, -2]) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    #expect(try DType.f16.encode([1, -2]) == [0, 0x3C, 0, 0xC0])
    #expect(try DType.bf16.encode([1, -2]) == [0x80, 0x3F, 0, 0xC0])
    #expect(try DType.f64.encode([1]) == [0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
  }

  @Test(
    "numbers that a type can hold come back bit for bit", arguments: [DType.f16, .f32, .f64, .bf16])
  func roundTrip(dtype: DType) throws {
    let held = dtype == .bf16 ? values.filter { $0 != 65_504 } : values
    let read = try decode(try dtype.encode(held), as: dtype)
    #expect(read.map(\.bitPattern) == held.map(\.bitPattern))
  }

  @Test("no numbers are no bytes", arguments: [DType.f16, .f32, .f64, .bf16])
  func nothing(dtype: DType) throws {
    #expect(try dtype.encode([]) == [])
    #expect(try decode([], as: dtype) == [])
  }

  @Test("bytes are read wherever they start")
  func unaligned() throws {
    for dtype in [DType.f16, .f32, .f64, .bf16] {
      let stored = try dtype.encode([1.5, -3])
      for shift in 1..<8 {
        let shifted = [UInt8](repeating: 0xEE, count: shift) + stored
        let bytes = shifted.span.bytes.extracting(shift..<shifted.count)
        let read = try dtype.decodeFloats(bytes)
        #expect(read == [1.5, -3])
      }
    }
  }

  @Test("a whole buffer is converted as single numbers are, whatever its length")
  func vectorised() throws {
    var generator = SplitMix(state: 3)
    for count in Array(0...70) + [4097] {
      let halves = (0..<count).map { _ in UInt16(truncatingIfNeeded: generator.next()) }
      let stored = halves.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
      let read = try decode(stored, as: .f16)
      #expect(read.map(\.bitPattern) == halves.map { DType.float(fromHalf: $0).bitPattern })
      let written = try DType.f16.encode(read)
      #expect(written == read.map(DType.half).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
    }
  }

  @Test("64-bit numbers are rounded to 32 bits")
  func narrowing() throws {
    let stored = [0.1, 1e300, -1e300, 1e-300].flatMap { value in
      withUnsafeBytes(of: value.bitPattern.littleEndian) { [UInt8]($0) }
    }
    #expect(try decode(stored, as: .f64) == [0.1, .infinity, -.infinity, 0])
  }

  @Test("types without fractions are neither read nor written as numbers")
  func otherTypes() {
    for dtype in DType.allCases where !dtype.isFloatingPoint {
      #expect(code { _ = try decode([UInt8](repeating: 0, count: 8), as: dtype) })
      #expect(code { _ = try dtype.encode([1]) })
    }
    #expect(DType.allCases.filter(\.isFloatingPoint) == [.f16, .bf16, .f32, .f64])
  }

  /// Whether `body` throws `wrong-dtype`.
  private func code(_ body: () throws -> Void) -> Bool {
    do {
      try body()
      return false
    } catch {
      return (error as? Fault)?.code == .wrongDType
    }
  }
}
