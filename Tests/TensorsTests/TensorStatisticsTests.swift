import Diagnostics
import Tensors
import Testing

@Suite("What a tensor's values look like")
struct TensorStatisticsTests {
  private func statistics<Value>(_ values: [Value], _ dtype: DType) throws -> TensorStatistics {
    try values.withUnsafeBytes { try TensorStatistics(of: $0.bytes, dtype) }
  }

  @Test("integers of every width have figures of their own, to their last digit")
  func integers() throws {
    let found = try [
      statistics([-3, 1, 2] as [Int8], .i8), statistics([-3, 1, 2] as [Int16], .i16),
      statistics([-3, 1, 2] as [Int32], .i32), statistics([-3, 1, 2] as [Int64], .i64),
    ]
    for figures in found {
      #expect(figures.minimum == -3 && figures.maximum == 2 && figures.mean == 0)
      // sqrt(14 / 3), as numpy.std has it.
      #expect(abs((figures.standardDeviation ?? 0) - 2.160246899469287) < 1e-15)
    }
    #expect(try statistics([200, 255] as [UInt8], .u8).maximum == 255)
    #expect(try statistics([200, 65_535] as [UInt16], .u16).maximum == 65_535)
    #expect(try statistics([UInt32.max], .u32).minimum == 4_294_967_295)
    #expect(try statistics([UInt64.max], .u64).minimum == 0x1p64)
  }

  @Test("numbers beyond single precision keep their size and their digits")
  func doubles() throws {
    let figures = try statistics([1e300, -1e300, 1e300, -1e300], .f64)
    #expect(figures.minimum == -1e300 && figures.maximum == 1e300 && figures.mean == 0)
    #expect(figures.standardDeviation == 1e300 && figures.infiniteCount == 0)
    #expect(try statistics([1 + 1e-12, 1 - 1e-12], .f64).maximum == 1 + 1e-12)
  }

  @Test("NaN and infinities are counted and left out")
  func nonFinite() throws {
    let figures = try statistics([.nan, .infinity, -.infinity, 1, 2] as [Float], .f32)
    #expect(figures.count == 5 && figures.nanCount == 1 && figures.infiniteCount == 2)
    #expect(figures.mean == 1.5 && figures.standardDeviation == 0.5)
    #expect(try statistics([Float.nan], .f32).mean == nil)
    #expect(try statistics([Float](), .f32).count == 0)
  }

  @Test("a tensor longer than a stretch is taken whole")
  func stretches() throws {
    let values = (0..<(3 * DType.stretch + 7)).map { Float($0) }
    let figures = try statistics(values, .f32)
    #expect(figures.maximum == values.last.map(Double.init) && figures.minimum == 0)
    #expect(figures.mean == Double(values.count - 1) / 2)
  }

  @Test("what holds no real numbers has no figures", arguments: [DType.bool, .c64, .f4, .f8E4M3])
  func others(dtype: DType) throws {
    #expect(!dtype.holdsRealNumbers)
    #expect(throws: Fault.self) { try statistics([UInt64](repeating: 0, count: 3), dtype) }
  }
}
