import Diagnostics
import Tensors

/// A checkpoint put together in memory: the tensors of others, some of them replaced.
struct EditedSource: TensorSource {
  let path = "edited"
  let formatName = "memory"
  let metadata: [String: String] = [:]
  private var entries: [SourceKey: Entry] = [:]

  private enum Entry {
    case stored(any TensorSource)
    case replaced(TensorDescription, [UInt8])
  }

  init(_ sources: [any TensorSource]) {
    for source in sources {
      for tensor in source.tensors { entries[tensor.key] = .stored(source) }
    }
  }

  var tensors: [TensorDescription] {
    entries.keys.sorted().compactMap { description(of: $0) }
  }

  func description(of key: SourceKey) -> TensorDescription? {
    switch entries[key] {
    case nil: nil
    case .stored(let source): source.description(of: key)
    case .replaced(let description, _): description
    }
  }

  func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    switch entries[key] {
    case nil: throw Fault(.missingTensor, "no such tensor", at: .init(tensor: key.name))
    case .stored(let source): return try source.withBytes(of: key, body)
    case .replaced(_, let bytes): return try body(bytes.span.bytes)
    }
  }
}

extension EditedSource {
  mutating func replace(_ name: String, with tensor: FloatTensor, as dtype: DType = .f32) throws {
    let key = SourceKey(name)
    entries[key] = .replaced(
      try TensorDescription(key, dtype: dtype, shape: tensor.shape), try dtype.encode(tensor.values)
    )
  }

  mutating func remove(_ name: String) { entries[SourceKey(name)] = nil }

  mutating func removeAll(where condition: (String) -> Bool) {
    for key in entries.keys where condition(key.name) { entries[key] = nil }
  }

  mutating func edit(_ name: String, _ change: (inout [Float], [Int]) -> Void) throws {
    let tensor = try floats(of: SourceKey(name))
    var values = tensor.values
    change(&values, tensor.shape.extents)
    try replace(name, with: FloatTensor(shape: tensor.shape, values: values))
  }
}
