/// What a tensor is for, whatever a family calls it: `blocks[3].attention.queryKeyValue.weight`.
///
/// Sources and targets meet only in the roles, so that N sources and M targets need N+M
/// descriptions.
package struct Role: Sendable, Hashable, Comparable, CustomStringConvertible,
  ExpressibleByStringInterpolation
{
  package let path: String

  package init(_ path: String) { self.path = path }
  package init(stringLiteral path: String) { self.path = path }

  package var description: String { path }
  package static func < (left: Role, right: Role) -> Bool { left.path < right.path }

  /// The role with every index taken out, which says what is to be done with such a tensor:
  /// `blocks[].attention.queryKeyValue.weight`.
  package var kind: String {
    var kind = ""
    var inside = false
    for character in path {
      if character == "]" { inside = false }
      if !inside { kind.append(character) }
      if character == "[" { inside = true }
    }
    return kind
  }
}

/// The roles of a rule's tensors: a role with the running index of the rule's name in it, written
/// in braces: `blocks[{block}].norm1.weight`.
package struct RolePattern: Sendable, Hashable, CustomStringConvertible {
  package let description: String
  private let before: String
  private let after: String?

  package init(_ text: String, index: String?) {
    description = text
    let marker = index.map { "{\($0)}" }
    if let marker, let range = text.firstRange(of: marker) {
      before = String(text[..<range.lowerBound])
      after = String(text[range.upperBound...])
    } else {
      before = text
      after = nil
    }
  }

  /// Whether the running index of the rule's name stands in the role.
  var hasIndex: Bool { after != nil }

  package func role(at position: Int?) -> Role {
    guard let position, let after else { return Role(description) }
    return Role("\(before)\(position)\(after)")
  }
}
