import Testing

@testable import Tensors

@Suite("Norms and finiteness of stored weights")
struct NormTests {
  private struct One: TensorSource {
    let path = "memory"
    let formatName = "memory"
    let metadata: [String: String] = [:]
    let tensors: [TensorDescription]
    let bytes: [UInt8]

    init(_ dtype: DType, _ bytes: [UInt8], count: Int) throws {
      tensors = [try TensorDescription(SourceKey("x"), dtype: dtype, shape: Shape([count]))]
      self.bytes = bytes
    }

    func description(of key: SourceKey) -> TensorDescription? { tensors.first }

    func withBytes<Result>(
      of key: SourceKey, _ body: (RawSpan) throws -> Result
    ) throws -> Result {
      let span = bytes.span
      return try body(span.bytes)
    }
  }

  @Test(
    "are taken over all elements, more than one piece of them",
    arguments: [DType.f32, .f16, .bf16, .f64])
  func norm(dtype: DType) throws {
    for count in [0, 1, 70_000] {
      let source = try One(dtype, dtype.encode([Float](repeating: -2, count: count)), count: count)
      let norm = try #require(try source.euclideanNorm(of: SourceKey("x")))
      #expect(abs(norm - (4 * Double(count)).squareRoot()) < 1e-9)
    }
  }

  @Test("are none of integers")
  func integers() throws {
    let source = try One(.i64, [UInt8](repeating: 1, count: 16), count: 2)
    #expect(try source.euclideanNorm(of: SourceKey("x")) == nil)
  }

  private func firstNonFinite(_ dtype: DType, _ bytes: [UInt8]) -> Int? {
    let span = bytes.span
    return dtype.firstNonFinite(in: span.bytes)
  }

  @Test(
    "find the first weight that is NaN or infinite, and none among the largest finite",
    arguments: [DType.f32, .f16, .bf16, .f64], [0, 1, 4095, 4096, 9_999])
  func nonFinite(dtype: DType, place: Int) throws {
    let largest: Float =
      dtype == .f16 ? 65504 : dtype == .bf16 ? 0x1.FEp127 : .greatestFiniteMagnitude
    for sign in [Float(1), -1] {
      var values = [Float](repeating: sign * largest, count: 10_000)
      #expect(try firstNonFinite(dtype, dtype.encode(values)) == nil)
      for wrong in [Float.nan, .infinity * sign] {
        values[place] = wrong
        values[9_999] = wrong
        #expect(try firstNonFinite(dtype, dtype.encode(values)) == place)
      }
    }
    #expect(firstNonFinite(.i64, [UInt8](repeating: 0xFF, count: 16)) == nil)
  }
}
