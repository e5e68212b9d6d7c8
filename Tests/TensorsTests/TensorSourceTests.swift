import Diagnostics
import Tensors
import Testing

/// A checkpoint of tensors in memory.
private struct MemorySource: TensorSource {
  let path = "memory"
  let formatName = "memory"
  let metadata: [String: String] = [:]
  let contents: [SourceKey: (description: TensorDescription, bytes: [UInt8])]

  var tensors: [TensorDescription] { contents.values.map(\.description).sorted { $0.key < $1.key } }

  init(_ tensors: [(String, DType, [Int], [UInt8])]) throws {
    var contents: [SourceKey: (description: TensorDescription, bytes: [UInt8])] = [:]
    for (name, dtype, extents, bytes) in tensors {
      let key = SourceKey(name)
      contents[key] = (
        try TensorDescription(key, dtype: dtype, shape: Shape(extents)), bytes
      )
    }
    self.contents = contents
  }

  func description(of key: SourceKey) -> TensorDescription? { contents[key]?.description }

  func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    guard let entry = contents[key] else { throw Fault(.missingTensor, "no such tensor") }
    return try body(entry.bytes.span.bytes)
  }
}

@Suite("Reading tensors")
struct TensorSourceTests {
  private let source: MemorySource

  init() throws {
    source = try MemorySource([
      ("weight", .f16, [2], [0, 0x3C, 0, 0xC0]),
      ("table", .i64, [1], [0xFE] + Array(repeating: 0xFF, count: 7)),
      ("flags", .bool, [1], [1]), ("short", .f32, [2], [0, 0, 0x80, 0x3F]),
    ])
  }

  private func fault(_ body: () throws -> Void) -> Fault? {
    do {
      try body()
      return nil
    } catch {
      return error as? Fault
    }
  }

  @Test("weights are read as 32-bit numbers in their shape")
  func floats() throws {
    #expect(
      try source.floats(of: SourceKey("weight"))
        == FloatTensor(shape: Shape([2]), values: [1, -2]))
  }

  @Test("index tables are read as 64-bit integers")
  func integers() throws {
    #expect(try source.integers(of: SourceKey("table")) == [-2])
  }

  @Test("what is missing or of another type is a fault that names the tensor")
  func faults() {
    let missing = fault { _ = try source.floats(of: SourceKey("nothing")) }
    #expect(missing?.code == .missingTensor)
    #expect(missing?.place == .init(file: "memory", tensor: "nothing"))
    let table = fault { _ = try source.floats(of: SourceKey("table")) }
    #expect(table?.code == .wrongDType)
    #expect(table?.place == .init(file: "memory", tensor: "table"))
    #expect(fault { _ = try source.floats(of: SourceKey("flags")) }?.code == .wrongDType)
    #expect(fault { _ = try source.integers(of: SourceKey("weight")) }?.code == .wrongDType)
    #expect(fault { _ = try source.integers(of: SourceKey("nothing")) }?.code == .missingTensor)
  }

  @Test("a source that lends fewer bytes than it announced is a fault")
  func shortBytes() {
    #expect(fault { _ = try source.floats(of: SourceKey("short")) }?.code == .invalidShape)
  }

  @Test("a tensor that cannot fill whole bytes cannot be described")
  func halfBytes() {
    #expect(
      fault { _ = try TensorDescription(SourceKey("a"), dtype: .f4, shape: Shape([3])) }?.code
        == .invalidShape)
  }
}
