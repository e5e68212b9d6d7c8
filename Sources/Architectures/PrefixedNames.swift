import Tensors

/// The names of a checkpoint's tensors, taken apart, with each prefix taken off; every prefix is
/// looked at once, whatever the number of families that use it.
final class PrefixedNames {
  struct Entry {
    let name: NumberedName
    let tensor: TensorDescription
  }

  private let tensors: [TensorDescription]
  private var entries: [String: [Entry]] = [:]

  init(_ tensors: [TensorDescription]) { self.tensors = tensors }

  subscript(prefix: String) -> [Entry] {
    if let known = entries[prefix] { return known }
    let found = tensors.compactMap { tensor -> Entry? in
      let name = tensor.key.name
      guard name.utf8.count <= NamePattern.maximumByteCount, name.utf8.starts(with: prefix.utf8)
      else { return nil }
      let rest = String(Substring(name.utf8.dropFirst(prefix.utf8.count)))
      return Entry(name: NumberedName(rest), tensor: tensor)
    }
    entries[prefix] = found
    return found
  }
}
