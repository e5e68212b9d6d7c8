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
