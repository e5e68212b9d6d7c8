import Diagnostics

/// What a tensor is for, whatever a family calls it: `blocks[3].attention.queryKeyValue.weight`.
///
/// Sources and targets meet only in the roles, so that N sources and M targets need N+M
/// descriptions. A role also says how its tensor's axes run (`CONTRIBUTING.md` lists them); a family
/// that stores it another way says so with a ``StoredLayout``.
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

  /// Whether the tensor belongs to what a segmenter has after its encoder.
  package var isDecoder: Bool { path.hasPrefix("decoder.") }

  /// Whether the tensor belongs to a normalisation: of `norm`, `norm1`, `finalNorm`.
  package var isNormalisation: Bool {
    path.split(separator: ".").dropLast().contains { part in
      let name = part.prefix { $0 != "[" }
      return name.lowercased().hasPrefix("norm") || name.hasSuffix("Norm")
    } || isCount
  }

  /// Whether the tensor counts batches, as batch normalisations do.
  package var isCount: Bool { path.hasSuffix(".batchCount") }

  /// The role of another tensor of the same layer: `x.key.weight` for `x.query.weight`, when the
  /// role ends in `ending`.
  package func replacing(_ ending: String, with other: String) -> Role? {
    path.hasSuffix(ending) ? Role(path.dropLast(ending.count) + other) : nil
  }
}

/// The roles of a rule's tensors: a role with the running indices of the rule's name in it, written
/// in braces: `stages[{stage}].blocks[{block}].norm1.weight`.
package struct RolePattern: Sendable, Hashable, CustomStringConvertible {
  package let description: String
  /// The running indices, in the order in which they stand.
  package let indices: [String]
  /// What stands before, between and after the indices.
  private let texts: [String]

  /// - Throws: `invalid-family` when the braces or what is in them make no sense.
  package init(_ text: String) throws {
    description = text
    var texts: [String] = []
    var indices: [String] = []
    for (number, part) in text.split(separator: "{", omittingEmptySubsequences: false).enumerated()
    {
      let halves = part.split(separator: "}", omittingEmptySubsequences: false)
      guard halves.count == (number == 0 ? 1 : 2), number == 0 || isSymbol(halves[0]) else {
        throw Fault(
          .invalidFamily, "\"\(printable(text))\" is no role",
          remedy: "write a running index as {index}")
      }
      if number > 0 { indices.append(String(halves[0])) }
      texts.append(String(halves[halves.count - 1]))
    }
    self.texts = texts
    self.indices = indices
  }

  package func role(at values: Indices = [:]) -> Role {
    var path = texts[0]
    for (index, text) in zip(indices, texts.dropFirst()) {
      path += String(values[index] ?? 0) + text
    }
    return Role(path)
  }
}
