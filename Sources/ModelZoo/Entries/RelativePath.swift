import Diagnostics

/// A file's name in a mirror or store, perhaps with folders before it, that cannot lead out of the
/// folder it is looked up in.
///
/// Only portable characters are allowed, and a component begins with a letter, digit or underscore:
/// `..`, absolute paths, hidden files and names that read like options cannot be spelt.
package struct RelativePath: Sendable, Hashable, CustomStringConvertible {
  package let components: [String]

  package var description: String { components.joined(separator: "/") }

  /// Leaves room in a file system's 255 bytes for the marks of a temporary name.
  private static let longestComponent = 200
  private static let longestPath = 500

  /// - Throws: `invalid-document` when the text breaks a rule above.
  package init(_ text: String) throws {
    let components = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard text.utf8.count <= RelativePath.longestPath,
      components.allSatisfy(RelativePath.isSafe)
    else {
      throw Fault(
        .invalidDocument, "\"\(printable(text))\" cannot be the name of a file here",
        remedy:
          "use a relative path of letters, digits, spaces and ._+=@,()- whose parts begin with"
          + " a letter, digit or underscore")
    }
    self.components = components
  }

  private static func isSafe(_ component: String) -> Bool {
    guard (1...longestComponent).contains(component.utf8.count),
      let first = component.utf8.first,
      ASCII.isLetterOrDigit(first) || first == UInt8(ascii: "_")
    else { return false }
    return component.utf8.allSatisfy { byte in
      ASCII.isLetterOrDigit(byte) || "._+=@,() -".utf8.contains(byte)
    }
  }

  /// Refuses names of which one is the other, or a folder on the way to it.
  ///
  /// - Throws: `invalid-document` with a pointer below `/files`.
  static func checkCoexistence(of names: [RelativePath]) throws {
    let sorted = names.enumerated().sorted { left, right in
      left.element.components.lexicographicallyPrecedes(right.element.components)
    }
    // A folder sorts directly before what lies in it.
    for (left, right) in zip(sorted, sorted.dropFirst())
    where right.element.components.starts(with: left.element.components) {
      throw Fault(
        .invalidDocument, "\(right.element) cannot exist beside \(left.element)",
        at: .init(pointer: "/files/\(max(left.offset, right.offset))/name"))
    }
  }
}
