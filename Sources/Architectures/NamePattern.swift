import Diagnostics

/// A tensor's name with at most one running index: `blocks.{block<depth}.norm1.weight`.
///
/// The index runs from 0 to the limit's value, which is an expression in the family's symbols.
package struct NamePattern: Sendable, Hashable, CustomStringConvertible {
  package struct Index: Sendable, Hashable {
    package let name: String
    package let limit: ShapeExpression
  }

  package let description: String
  package let index: Index?
  private let before: String
  private let after: String

  /// - Throws: `invalid-family` when the braces or the limit make no sense.
  package init(_ text: String) throws {
    description = text
    guard let open = text.firstIndex(of: "{") else {
      before = text
      after = ""
      index = nil
      return
    }
    let rest = text[text.index(after: open)...]
    guard let close = rest.firstIndex(of: "}"), !rest[rest.index(after: close)...].contains("{"),
      let less = rest[..<close].firstIndex(of: "<")
    else {
      throw Fault(
        .invalidFamily, "\"\(printable(text))\" is no name pattern",
        remedy: "write one index as {name<limit}")
    }
    before = String(text[..<open])
    after = String(rest[rest.index(after: close)...])
    index = Index(
      name: String(rest[..<less]),
      limit: try ShapeExpression(String(rest[rest.index(after: less)..<close])))
  }

  /// The name with `{}` where the index stands; what ``NamePattern/lookupForms(of:)`` yields.
  package var lookupForm: String { index == nil ? before : "\(before){}\(after)" }

  package func name(at position: Int?) -> String {
    position.map { "\(before)\($0)\(after)" } ?? before
  }

  /// The names of all tensors that the pattern stands for, with their indices.
  package func expanded(given values: [String: Int]) -> [(position: Int?, name: String)] {
    guard let index else { return [(nil, before)] }
    return (0..<(index.limit.value(given: values) ?? 0)).map { ($0, name(at: $0)) }
  }

  /// The forms under which a pattern for `name` may be found: the name itself, and one form for
  /// each of its whole-number parts.
  static func lookupForms(of name: String) -> [(form: String, position: Int?)] {
    var forms: [(String, Int?)] = [(name, nil)]
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    for (number, part) in parts.enumerated() {
      // A canonical number: "03" and "+3" would not come out of the pattern again.
      guard let position = Int(part), position >= 0, String(position) == part else { continue }
      var changed = parts
      changed[number] = "{}"
      forms.append((changed.joined(separator: "."), position))
    }
    return forms
  }
}
