import Diagnostics
import Tensors

/// A tensor of a state dict: which part of which storage it is.
struct TorchTensor: Sendable {
  let storage: TorchStorage
  let view: TorchView
}

/// Follows the recipes that tensors are pickled as.
struct TorchTensorReader {
  let graph: PickleGraph
  let storages: [Int: TorchStorage]
  let limits: TorchLimits

  /// Recipes that wrap one another: a parameter of a subclass of a tensor is three deep.
  private static let recipeDepth = 8

  init(_ graph: PickleGraph, limits: TorchLimits) throws {
    self.graph = graph
    self.limits = limits
    storages = try TorchStorage.all(in: graph, limits: limits)
  }

  func isTensor(_ value: PickleValue) -> Bool {
    guard case .object(let global) = graph.node(value)?.kind, case .tensor = global.meaning else {
      return false
    }
    return true
  }

  /// - Throws: `torch-tensor`, `torch-element-type`, or what the view brings up.
  func tensor(_ value: PickleValue) throws -> TorchTensor {
    guard let node = graph.node(value), case .object(let global) = node.kind,
      case .tensor(var recipe) = global.meaning, var arguments = graph.tuple(node.arguments)
    else { throw fault("\(graph.kind(of: value)) is no tensor") }
    for _ in 0..<TorchTensorReader.recipeDepth {
      switch recipe {
      case .view, .typedView: return try view(arguments, isTyped: recipe == .typedView)
      case .parameter:
        guard let inner = arguments.first.flatMap(graph.node),
          case .object(let global) = inner.kind,
          case .tensor(let next) = global.meaning, let nextArguments = graph.tuple(inner.arguments)
        else { throw fault("a parameter is made from something that is no tensor") }
        (recipe, arguments) = (next, nextArguments)
      case .subclass:
        guard arguments.count >= 3, case .global(let global) = arguments[0],
          case .tensor(let next) = global.meaning, let nextArguments = graph.tuple(arguments[2])
        else { throw fault("a tensor's class is made from something that is no tensor") }
        (recipe, arguments) = (next, nextArguments)
      }
    }
    throw fault("more than \(TorchTensorReader.recipeDepth) recipes lie in one another")
  }

  /// (storage, offset, size, stride, requires_grad, hooks[, metadata]), or with the element type in
  /// front of the metadata.
  private func view(_ arguments: [PickleValue], isTyped: Bool) throws -> TorchTensor {
    guard arguments.count >= (isTyped ? 7 : 4), arguments.count <= (isTyped ? 8 : 7) else {
      throw fault("a tensor is made from \(arguments.count) values")
    }
    guard case .node(let index) = arguments[0], let storage = storages[index] else {
      throw fault("a tensor is made from \(graph.kind(of: arguments[0])) instead of a storage")
    }
    guard case .integer(let offset) = arguments[1], let extents = integers(arguments[2]),
      let strides = integers(arguments[3])
    else { throw fault("a tensor's offset, sizes or strides are no integers") }
    try refuseLazyTransformation(arguments.count > (isTyped ? 7 : 6) ? arguments.last! : .none)
    let view = try TorchView(
      dtype: elementType(of: storage, named: isTyped ? arguments[6] : nil), extents: extents,
      strides: strides, offset: offset, storageByteCount: storage.byteCount, limits: limits)
    return TorchTensor(storage: storage, view: view)
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    // torch.Size stands around the sizes in some files.
    var value = value
    if let node = graph.node(value), case .object(let global) = node.kind,
      global.name == "torch.Size", let inner = graph.tuple(node.arguments)?.first
    {
      value = inner
    }
    guard let items = graph.tuple(value) else { return nil }
    var numbers: [Int] = []
    for item in items {
      guard case .integer(let number) = item else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  private func elementType(of storage: TorchStorage, named value: PickleValue?) throws -> DType {
    var name = storage.typeName
    var dtype = storage.dtype
    if let value {
      guard case .global(let global) = value, case .elementType(let named) = global.meaning else {
        throw fault("a tensor's element type is \(graph.kind(of: value))")
      }
      (name, dtype) = (global.name, named)
    }
    guard let dtype else {
      throw Fault(
        .torchElementType, "tensors of \(name) cannot be read",
        remedy: "convert the tensor to float32 or another common type before saving")
    }
    return dtype
  }

  /// Conjugates and negatives that PyTorch has put off are marked in the metadata.
  private func refuseLazyTransformation(_ metadata: PickleValue) throws {
    if metadata == .none { return }
    guard let node = graph.node(metadata), node.kind.isDictionary else {
      throw fault("a tensor's metadata are \(graph.kind(of: metadata))")
    }
    guard node.items.allSatisfy({ $0 != .boolean(true) }) else {
      throw Fault(
        .torchTensor, "the tensor is to be conjugated or negated after reading",
        remedy: "save tensor.resolve_conj().resolve_neg()")
    }
  }

  private func fault(_ reason: String) -> Fault {
    Fault(.torchTensor, reason, at: .init(byteOffset: UInt64(graph.source.offset)))
  }
}
