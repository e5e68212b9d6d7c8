import Diagnostics
import Tensors

/// A checkpoint put together in memory: the tensors of others, some of them changed.
struct EditedSource: TensorSource {
  let path = "edited"
  let formatName = "memory"
  var metadata: [String: String] = [:]
  private var entries: [SourceKey: Entry] = [:]

  private struct Entry {
    let description: TensorDescription
    let bytes: [UInt8]
  }

  init(_ sources: [any TensorSource]) throws {
    for source in sources {
      metadata.merge(source.metadata) { first, _ in first }
      for tensor in source.tensors {
        let bytes = try source.withBytes(of: tensor.key) { $0.withUnsafeBytes { Array($0) } }
        entries[tensor.key] = Entry(description: tensor, bytes: bytes)
      }
    }
  }

  var tensors: [TensorDescription] {
    entries.values.map(\.description).sorted { $0.key < $1.key }
  }

  func description(of key: SourceKey) -> TensorDescription? { entries[key]?.description }

  func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    guard let entry = entries[key] else {
      throw Fault(.missingTensor, "no such tensor", at: .init(tensor: key.name))
    }
    return try body(entry.bytes.span.bytes)
  }
}

extension EditedSource {
  /// Stores `values` under the name, in a shape of their own if need be.
  mutating func replace(
    _ name: String, _ shape: [Int], _ values: [Float], as dtype: DType = .f32
  ) throws {
    let key = SourceKey(name)
    entries[key] = Entry(
      description: try TensorDescription(key, dtype: dtype, shape: Shape(shape)),
      bytes: try dtype.encode(values))
  }

  mutating func replace(_ name: String, _ shape: [Int], integers: [Int64]) throws {
    let key = SourceKey(name)
    entries[key] = Entry(
      description: try TensorDescription(key, dtype: .i64, shape: Shape(shape)),
      bytes: integers.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } })
  }

  mutating func remove(_ name: String) { entries[SourceKey(name)] = nil }

  mutating func removeAll(where condition: (String) -> Bool) {
    for key in entries.keys where condition(key.name) { entries[key] = nil }
  }

  mutating func edit(_ name: String, _ change: (inout [Float], [Int]) -> Void) throws {
    let tensor = try floats(of: SourceKey(name))
    var values = tensor.values
    change(&values, tensor.shape.extents)
    try replace(name, tensor.shape.extents, values)
  }

  mutating func swap(_ first: String, _ second: String) throws {
    let (one, two) = (try floats(of: SourceKey(first)), try floats(of: SourceKey(second)))
    try replace(first, one.shape.extents, two.values)
    try replace(second, two.shape.extents, one.values)
  }
}
