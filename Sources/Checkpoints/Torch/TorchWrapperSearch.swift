import Diagnostics

/// Looks for state dicts in the mappings of a pickle.
struct TorchWrapperSearch {
  struct Candidate {
    /// The keys that lead to it.
    let path: [String]
    let value: PickleValue

    var name: String { path.joined(separator: "/") }
  }

  private let reader: TorchTensorReader
  private var graph: PickleGraph { reader.graph }

  /// Keys that training scripts keep a state dict under.
  private static let wrappers: Set<String> = [
    "model", "state_dict", "module", "teacher", "student", "model_ema", "net", "model_state_dict",
    "model_state", "network_weights", "state_dict_ema", "ema_state_dict", "model_ema_state_dict",
  ]
  /// Keys whose tensors are the training's, not the model's.
  private static let skipped: Set<String> = [
    "optimizer", "optimizer_state_dict", "optimizer_state", "optimizer_states", "optimizers",
    "optim", "lr_scheduler", "lr_schedulers", "lr_scheduler_state_dict", "scheduler",
    "scheduler_state_dict", "scaler", "grad_scaler", "grad_scaler_state", "loss_scaler", "amp",
    "criterion", "loss", "dino_loss", "callbacks", "rng_state", "args", "epoch", "config", "meta",
  ]
  private static let depth = 4

  init(_ reader: TorchTensorReader) { self.reader = reader }

  /// - Parameter wrapper: the keys that lead to the state dict, joined by `/`; nil when it is to be
  ///   found.
  func candidate(wrapper: String?) throws -> Candidate {
    guard isDictionary(graph.root) else {
      throw Fault(
        .noStateDictionary,
        "the file holds \(graph.kind(of: graph.root)) instead of a mapping from names to tensors",
        remedy: PickleCursor.remedy)
    }
    var start = Candidate(path: [], value: graph.root)
    if let wrapper { start = try self.start(at: wrapper) }
    let candidates = try candidates(from: start)
    guard candidates.count <= 1 else {
      let names = candidates.map { "\"\(printable($0.name))\"" }
      throw Fault(
        .ambiguousStateDictionary,
        "the file holds several state dicts: "
          + names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : ""),
        remedy: "say which one is meant: --wrapper \(printable(candidates[0].name))")
    }
    guard let candidate = candidates.first else {
      throw Fault(
        .noStateDictionary, "the file holds no mapping from names to tensors",
        remedy: PickleCursor.remedy)
    }
    return candidate
  }

  /// Text keys with their values, in the order of the file.
  ///
  /// - Throws: `pickle-duplicate-key`.
  func entries(of value: PickleValue) throws -> [(key: String, value: PickleValue)] {
    var entries: [(key: String, value: PickleValue)] = []
    var keys: Set<[UInt8]> = []
    for (key, value) in try pairs(of: value) {
      guard let text = try graph.text(key, limit: reader.limits.nameByteCount) else { continue }
      guard keys.insert(Array(text.utf8)).inserted else {
        throw Fault(
          .pickleDuplicateKey, "a dictionary has the key \"\(printable(text))\" twice",
          at: .init(byteOffset: UInt64(graph.source.offset)))
      }
      entries.append((text, value))
    }
    return entries
  }

  /// - Throws: `torch-tensor` for a tensor without a name.
  func checkKeysOfTensors(in value: PickleValue) throws {
    for (key, value) in try pairs(of: value) where reader.isTensor(value) {
      guard case .text = key else {
        throw Fault(
          .torchTensor, "a tensor of the state dict has \(graph.kind(of: key)) for a name",
          at: .init(byteOffset: UInt64(graph.source.offset)))
      }
    }
  }
}

// MARK: - Candidates

extension TorchWrapperSearch {
  /// The mapping that the user names.
  private func start(at wrapper: String) throws -> Candidate {
    // A key may hold a slash itself.
    for path in [[wrapper], wrapper.split(separator: "/").map(String.init)] {
      var value: PickleValue? = graph.root
      for key in path {
        value = try value.flatMap { try entries(of: $0) }?.first { $0.key == key }?.value
      }
      if let value, isDictionary(value) { return Candidate(path: path, value: value) }
    }
    let names = try entries(of: graph.root).filter { isDictionary($0.value) }.map {
      "\"\(printable($0.key))\""
    }
    throw Fault(
      .missingWrapper, "the file has no mapping under \"\(printable(wrapper))\"",
      remedy: names.isEmpty ? nil : "it has " + names.prefix(20).joined(separator: ", "))
  }

  private func candidates(from start: Candidate) throws -> [Candidate] {
    var visited: Set<PickleValue> = []
    return try candidates(from: start, visited: &visited)
  }

  /// Known wrappers win over tensors beside them, such as a best accuracy; tensors win over
  /// mappings of other names.
  ///
  /// The recursion goes ``depth`` deep, and into every mapping once: the same state dict under two
  /// names is one.
  private func candidates(
    from start: Candidate, visited: inout Set<PickleValue>
  ) throws -> [Candidate] {
    guard visited.insert(start.value).inserted, start.path.count <= TorchWrapperSearch.depth else {
      return []
    }
    let entries = try entries(of: start.value)
    var found: [Candidate] = []
    for (key, value) in entries
    where TorchWrapperSearch.wrappers.contains(key) && isDictionary(value) {
      let inner = Candidate(path: start.path + [key], value: value)
      found += try candidates(from: inner, visited: &visited)
    }
    if !found.isEmpty { return found }
    if try pairs(of: start.value).contains(where: { reader.isTensor($0.value) }) { return [start] }
    for (key, value) in entries
    where !TorchWrapperSearch.skipped.contains(key) && isDictionary(value) {
      let inner = Candidate(path: start.path + [key], value: value)
      found += try candidates(from: inner, visited: &visited)
    }
    return found
  }

  private func isDictionary(_ value: PickleValue) -> Bool {
    graph.node(value)?.kind.isDictionary ?? false
  }

  /// Keys and values of a mapping. Python 2 gave an `OrderedDict` its entries as a list of pairs.
  private func pairs(of value: PickleValue) throws -> [(key: PickleValue, value: PickleValue)] {
    guard let node = graph.node(value), node.kind.isDictionary else { return [] }
    var pairs: [(key: PickleValue, value: PickleValue)] = []
    for argument in graph.tuple(node.arguments) ?? [] {
      guard let list = graph.node(argument), list.kind == .list else { continue }
      for item in list.items {
        guard let pair = graph.node(item), pair.kind == .list || pair.kind == .tuple,
          pair.items.count == 2
        else {
          throw Fault(
            .torchTensor, "a dictionary is made from something that is no pair",
            at: .init(byteOffset: UInt64(graph.source.offset)))
        }
        pairs.append((pair.items[0], pair.items[1]))
      }
    }
    for index in stride(from: 0, to: node.items.count - 1, by: 2) {
      pairs.append((node.items[index], node.items[index + 1]))
    }
    return pairs
  }
}
