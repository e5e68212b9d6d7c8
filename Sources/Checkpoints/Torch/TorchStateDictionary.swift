import Diagnostics

/// The state dict in what `torch.save` was given: the mapping from names to tensors, which training
/// scripts wrap into others.
struct TorchStateDictionary {
  /// The keys that lead to it, joined by `/`, or nil when nothing is around it.
  let wrapper: String?
  /// Names and tensors in the order of the file.
  private(set) var tensors: [(name: String, value: PickleValue)] = []
  /// Entries of the state dict that are no tensors.
  private(set) var ignored: [String] = []
  /// Entries beside the state dict in the outermost mapping.
  let besides: [String]

  /// - Throws: `no-state-dict`, `ambiguous-state-dict`, `missing-wrapper`, `pickle-duplicate-key`,
  ///   `torch-tensor`.
  init(in reader: TorchTensorReader, wrapper: String?) throws {
    let search = TorchWrapperSearch(reader)
    let candidate = try search.candidate(wrapper: wrapper)
    self.wrapper = candidate.path.isEmpty ? nil : candidate.name
    let outermost = candidate.path.first
    besides =
      outermost == nil
      ? [] : try search.entries(of: reader.graph.root).map(\.key).filter { $0 != outermost }
    for (name, value) in try search.entries(of: candidate.value) {
      if reader.isTensor(value) { tensors.append((name, value)) } else { ignored.append(name) }
    }
    try search.checkKeysOfTensors(in: candidate.value)
  }
}
