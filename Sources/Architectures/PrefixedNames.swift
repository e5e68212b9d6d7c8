import Tensors

/// The names of a checkpoint's tensors, taken apart, with each prefix taken off; every prefix is
/// looked at once, whatever the number of families that use it.
final class PrefixedNames {
  struct Entry {
    let name: NumberedName
    let mark: FormMark
    let tensor: TensorDescription
  }

  /// Those tensors that have one prefix.
  private struct Group {
    var entries: [Entry] = []
    var counts: [FormMark: Int] = [:]
  }

  private let tensors: [TensorDescription]
  private var groups: [String: Group] = [:]

  init(_ tensors: [TensorDescription]) { self.tensors = tensors }

  subscript(prefix: String) -> [Entry] { group(prefix).entries }

  private func group(_ prefix: String) -> Group {
    if let known = groups[prefix] { return known }
    var group = Group()
    for tensor in tensors {
      let name = tensor.key.name.utf8
      guard name.count <= NamePattern.maximumByteCount, name.starts(with: prefix.utf8)
      else { continue }
      let rest = NumberedName(String(Substring(name.dropFirst(prefix.utf8.count))))
      let mark = FormMark(of: rest.form.utf8)
      group.entries.append(Entry(name: rest, mark: mark, tensor: tensor))
      group.counts[mark, default: 0] += 1
    }
    groups[prefix] = group
    return group
  }

  /// How many tensors with the prefix a family can name, by the forms of their names at least.
  func count(_ prefix: String, namedBy outline: FamilyOutline) -> Int {
    let group = group(prefix)
    guard !group.entries.isEmpty else { return 0 }
    var count = outline.marks.reduce(0) { $0 + (group.counts[$1] ?? 0) }
    guard !outline.openNames.isEmpty else { return count }
    let marks = Set(outline.marks)
    for entry in group.entries where !marks.contains(entry.mark) {
      let name = entry.name.text.utf8
      if outline.openNames.contains(where: { name.starts(with: $0.utf8) }) { count += 1 }
    }
    return count
  }
}
