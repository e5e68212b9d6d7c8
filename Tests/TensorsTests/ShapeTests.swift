import Diagnostics
import Tensors
import Testing

@Suite("Shapes")
struct ShapeTests {
  private func isRefused(_ body: () throws -> Void) -> Bool {
    do {
      try body()
      return false
    } catch {
      return (error as? Fault)?.code == .invalidShape
    }
  }

  @Test("elements are counted; no extents are one element, an extent of zero none")
  func counting() throws {
    #expect(try Shape([]).elementCount == 1)
    #expect(try Shape([2, 3, 4]).elementCount == 24)
    #expect(try Shape([2, 0, 4]).elementCount == 0)
    #expect(try Shape([.max]).elementCount == .max)
    #expect(try Shape([2, 3, 4]).rank == 3)
    #expect(try Shape([2, 3, 4])[1] == 3)
    #expect(try Shape([2, 3]).description == "[2, 3]")
    #expect(try Shape([]).description == "[]")
  }

  @Test(
    "extents that cannot be counted are refused",
    arguments: [
      [-1], [2, -3], [.min], [.max, 2], [1 << 32, 1 << 31], [1 << 21, 1 << 21, 1 << 21],
    ])
  func uncountable(extents: [Int]) {
    #expect(isRefused { _ = try Shape(extents) })
  }

  @Test("a negative extent beside a zero is still refused")
  func negativeAfterZero() {
    #expect(isRefused { _ = try Shape([0, -1]) })
    #expect(isRefused { _ = try Shape([-1, 0]) })
  }

  @Test("shapes of the same count differ")
  func equality() throws {
    #expect(try Shape([2, 3]) != Shape([3, 2]))
    #expect(try Shape([2, 3]) == Shape([2, 3]))
  }

  @Test("bytes are counted in whole ones, within 63 bits")
  func bytes() throws {
    #expect(try Shape([3]).byteCount(of: .f32) == 12)
    #expect(try Shape([]).byteCount(of: .u8) == 1)
    #expect(try Shape([0]).byteCount(of: .f4) == 0)
    #expect(try Shape([2, 3]).byteCount(of: .f4) == 3)
    #expect(try Shape([4]).byteCount(of: .f6E2M3) == 3)
    #expect(isRefused { _ = try Shape([3]).byteCount(of: .f4) })
    #expect(isRefused { _ = try Shape([2]).byteCount(of: .f6E3M2) })
    #expect(isRefused { _ = try Shape([.max]).byteCount(of: .u8) })
    #expect(isRefused { _ = try Shape([1 << 58]).byteCount(of: .f64) })
    #expect(try Shape([1 << 56]).byteCount(of: .f64) == 1 << 59)
  }

  @Test("a tensor in memory has as many values as its shape says")
  func floatTensors() throws {
    #expect(try FloatTensor(shape: Shape([2]), values: [1, 2]).values == [1, 2])
    #expect(FloatTensor(shape: try Shape([2, 2]), repeating: 3).values == [3, 3, 3, 3])
    #expect(isRefused { _ = try FloatTensor(shape: Shape([2]), values: [1]) })
    #expect(isRefused { _ = try FloatTensor(shape: Shape([0]), values: [1]) })
  }
}
