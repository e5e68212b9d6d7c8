import Documents

extension JSONValue {
  /// The way to every member, and to one that is not there.
  package var paths: [[String]] {
    switch self {
    case .object(let members):
      [[], ["unknown"]]
        + members.flatMap { member in member.value.paths.map { [member.name] + $0 } }
    case .array(let values):
      [[]] + values.indices.flatMap { index in values[index].paths.map { ["\(index)"] + $0 } }
    default: [[]]
    }
  }

  /// The document with another value at `path`; nil takes the member out.
  package func setting(_ path: ArraySlice<String>, to value: JSONValue?) -> JSONValue {
    guard let step = path.first else { return value ?? .null }
    let rest = path.dropFirst()
    switch self {
    case .object(let members):
      var changed = members.compactMap { member -> Member? in
        guard member.name == step else { return member }
        if rest.isEmpty, value == nil { return nil }
        return Member(step, member.value.setting(rest, to: value))
      }
      if let value, self[step] == nil { changed.append(Member(step, value)) }
      return .object(changed)
    case .array(var values):
      guard let index = Int(step), values.indices.contains(index) else { return self }
      if rest.isEmpty, value == nil {
        values.remove(at: index)
      } else {
        values[index] = values[index].setting(rest, to: value)
      }
      return .array(values)
    default: return self
    }
  }
}
