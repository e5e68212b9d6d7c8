import Diagnostics
import Tensors

/// A run of elements that tensors are views of, as a pickle refers to it.
struct TorchStorage: Sendable, Hashable {
  let key: String
  /// Nil when it is counted in bytes, or its elements are of no type that can be read.
  let dtype: DType?
  /// Its type's name, for messages.
  let typeName: String
  let byteCount: Int
  /// What legacy files count it in.
  let elementByteCount: Int

  /// - Throws: `torch-persistent-id`.
  init(persistentID: PickleValue, in graph: PickleGraph, limits: TorchLimits) throws {
    func fault(_ reason: String) -> Fault {
      Fault(.torchPersistentID, reason, at: .init(byteOffset: UInt64(graph.source.offset)))
    }
    // ('storage', type, key, location, count[, view])
    guard let fields = graph.tuple(persistentID) else {
      throw fault("a persistent id is \(graph.kind(of: persistentID)) instead of a tuple")
    }
    let tag = try fields.first.flatMap { try graph.text($0, limit: limits.nameByteCount) }
    guard tag == "storage" else {
      throw fault(
        tag == "module"
          ? "the file holds a whole model with the source of its classes, not a state dict"
          : "a persistent id is no storage's")
    }
    guard fields.count == 5 || fields.count == 6 else {
      throw fault("a storage's persistent id has \(fields.count) fields")
    }
    guard let key = try graph.text(fields[2], limit: 20), !key.isEmpty,
      key.utf8.allSatisfy({ UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") })
    else { throw fault("a storage's key is no number") }
    guard case .text = fields[3] else { throw fault("a storage's location is no string") }
    guard case .integer(let count) = fields[4], count >= 0 else {
      throw fault("a storage's element count is no natural number")
    }
    guard fields.count == 5 || fields[5] == .none else {
      throw fault("a storage is a part of another one, as PyTorch before 0.4 wrote them")
    }
    guard case .global(let global) = fields[1] else { throw fault("a storage has no type") }
    switch global.meaning {
    case .storage(let dtype):
      self.dtype = dtype
      elementByteCount =
        dtype.map { $0.bitWidth / 8 } ?? TorchElementType.byteCount(ofElementIn: global.name)
    case .untypedStorage: (dtype, elementByteCount) = (nil, 1)
    default: throw fault("\(global.name) is no type of storage")
    }
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: elementByteCount)
    guard !overflow else { throw fault("a storage has \(count) elements") }
    self.key = key
    self.byteCount = byteCount
    typeName = global.name
  }

  /// Every storage that the pickle refers to, by the place of its persistent id in the graph.
  ///
  /// - Throws: `torch-persistent-id`, also when two ids of one key disagree.
  static func all(in graph: PickleGraph, limits: TorchLimits) throws -> [Int: TorchStorage] {
    var storages: [Int: TorchStorage] = [:]
    var byKey: [String: TorchStorage] = [:]
    for (index, node) in graph.nodes.enumerated() where node.kind == .persistent {
      let storage = try TorchStorage(persistentID: node.arguments, in: graph, limits: limits)
      // One storage may be seen as elements here and as bytes there, but it has one size.
      if let other = byKey.updateValue(storage, forKey: storage.key),
        other.byteCount != storage.byteCount
      {
        throw Fault(
          .torchPersistentID,
          "storage \(storage.key) has \(other.byteCount) bytes here and \(storage.byteCount) there",
          at: .init(byteOffset: UInt64(graph.source.offset)))
      }
      storages[index] = storage
    }
    return storages
  }
}
