import Tensors
import Testing

@Suite("Element types")
struct DTypeTests {
  /// The specification's own list: name, width in bits, in ascending order.
  private let specification: [(String, Int)] = [
    ("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8),
    ("F8_E5M2", 8), ("F8_E4M3", 8), ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8),
    ("I16", 16), ("U16", 16), ("F16", 16), ("BF16", 16), ("I32", 32), ("U32", 32), ("F32", 32),
    ("C64", 64), ("F64", 64), ("I64", 64), ("U64", 64),
  ]

  @Test("names, order and widths are the specification's")
  func table() {
    #expect(DType.allCases.map(\.rawValue) == specification.map(\.0))
    #expect(DType.allCases.map(\.bitWidth) == specification.map(\.1))
    #expect(DType.allCases.shuffled().sorted() == DType.allCases)
  }

  @Test("a type is less than every later one and not than itself")
  func order() {
    for (index, dtype) in DType.allCases.enumerated() {
      for (other, later) in DType.allCases.enumerated() {
        #expect((dtype < later) == (index < other))
      }
    }
  }

  @Test("only exact names are types", arguments: ["f32", "F32 ", "", "F8", "FLOAT", "F32\u{0}"])
  func otherNames(name: String) {
    #expect(DType(rawValue: name) == nil)
  }
}
