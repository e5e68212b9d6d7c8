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

  /// Beyond these no checkpoint's names go, and trying them would cost more than they are worth.
  private static let maximumByteCount = 1000
  private static let maximumPosition = 1 << 20

  /// - Throws: `invalid-family` when the braces or the limit make no sense.
  package init(_ text: String) throws {
    description = text
    let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "{" }
    let inner =
      parts.count < 2 ? [] : parts[1].split(separator: "}", omittingEmptySubsequences: false)
    let limited = inner.first?.split(separator: "<", omittingEmptySubsequences: false) ?? []
    guard (1...NamePattern.maximumByteCount).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
      !parts[0].contains(where: { "} ".contains($0) }),
      parts.count == 1
        || (inner.count == 2 && !inner[1].contains(" ") && !parts[1].contains("{")
          && limited.count == 2
          && isSymbol(limited[0]))
    else {
      throw Fault(
        .invalidFamily, "\"\(printable(text))\" is no name pattern",
        remedy: "write one index as {name<limit}")
    }
    before = String(parts[0])
    after = parts.count == 1 ? "" : String(inner[1])
    index =
      parts.count == 1
      ? nil : Index(name: String(limited[0]), limit: try ShapeExpression(String(limited[1])))
  }

  /// The name with `{}` where the index stands; what ``NamePattern/lookupForms(of:)`` yields.
  package var lookupForm: String { index == nil ? before : "\(before){}\(after)" }

  package func name(at position: Int?) -> String {
    position.map { "\(before)\($0)\(after)" } ?? before
  }

  /// How many tensors the pattern stands for; none while its limit has no value.
  package func count(given values: [String: Int]) -> Int {
    guard let index else { return 1 }
    return max(0, index.limit.value(given: values) ?? 0)
  }

  /// The names of all tensors that the pattern stands for, with their indices, each made when it is
  /// asked for: a file may claim a million blocks.
  package func expanded(
    given values: [String: Int]
  ) -> some Sequence<(position: Int?, name: String)> {
    (0..<count(given: values)).lazy.map { number in
      let position = index == nil ? nil : number
      return (position: position, name: name(at: position))
    }
  }

  /// The forms under which a pattern for `name` may be found: the name itself, and one form for
  /// each of its whole-number parts.
  static func lookupForms(of name: String) -> [(form: String, position: Int?)] {
    var forms: [(String, Int?)] = [(name, nil)]
    guard name.utf8.count <= maximumByteCount else { return forms }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    for (number, part) in parts.enumerated() {
      // A canonical number: "03" and "+3" would not come out of the pattern again.
      guard let position = Int(part), (0..<maximumPosition).contains(position),
        String(position) == part
      else { continue }
      var changed = parts
      changed[number] = "{}"
      forms.append((changed.joined(separator: "."), position))
    }
    return forms
  }
}

/// Whether the text can name a hyper-parameter: ASCII letters and digits, a letter first.
func isSymbol(_ text: some StringProtocol) -> Bool {
  guard let first = text.unicodeScalars.first, first.isASCIILetter else { return false }
  return text.unicodeScalars.allSatisfy {
    $0.isASCIILetter || ("0"..."9").contains($0)
  }
}

extension Unicode.Scalar {
  fileprivate var isASCIILetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
}
