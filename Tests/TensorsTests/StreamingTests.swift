import Diagnostics
import Tensors
import Testing

@Suite("Lending many tensors")
struct StreamingTests {
  /// As many tensors as one wants, each of which holds its own number; some cannot be read.
  private struct Numbers: TensorSource {
    let path = "numbers"
    let formatName = "numbers"
    let metadata: [String: String] = [:]
    let tensors: [TensorDescription]
    var unreadable: Set<Int> = []

    init(count: Int) throws {
      tensors = try (0..<count).map {
        try TensorDescription(SourceKey("\($0)"), dtype: .i64, shape: Shape([2]))
      }
    }

    func description(of key: SourceKey) -> TensorDescription? {
      tensors.first { $0.key == key }
    }

    func withBytes<Result>(
      of key: SourceKey, _ body: (RawSpan) throws -> Result
    ) throws -> Result {
      let number = Int(key.name) ?? 0
      guard !unreadable.contains(number) else {
        throw Fault(.unreadable, "cannot be read", at: .init(tensor: key.name))
      }
      return try body([Int64(number), Int64(number)].span.bytes)
    }
  }

  private func numbers(_ source: Numbers, memory: Int = 40 << 20) throws -> [Int64] {
    try source.mapBytes(of: source.tensors, memory: memory) { _, bytes in
      bytes.unsafeLoad(fromByteOffset: 8, as: Int64.self)
    }
  }

  @Test("gives their results in order, whatever is lent at once", arguments: [1, 32, 1 << 20])
  func order(memory: Int) throws {
    for count in [0, 1, 2, 1000] {
      let source = try Numbers(count: count)
      #expect(try numbers(source, memory: memory) == (0..<Int64(count)).map { $0 })
    }
  }

  @Test("ends with the fault of the first that cannot be read", arguments: [1, 1 << 20])
  func faults(memory: Int) throws {
    for unreadable in [[0], [7], [3, 4, 999], [999]] {
      var source = try Numbers(count: 1000)
      source.unreadable = Set(unreadable)
      let fault = #expect(throws: Fault.self) { try numbers(source, memory: memory) }
      #expect(fault?.place.tensor == "\(unreadable[0])")
    }
  }
}
