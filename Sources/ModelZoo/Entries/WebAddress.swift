import Diagnostics

/// Where a person finds something. The tool never contacts such an address by itself.
package struct WebAddress: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  /// - Throws: `invalid-document` unless the text is `http://` or `https://` followed by printable
  ///   ASCII without spaces, of at most 2000 characters together.
  package init(_ text: String) throws {
    let rest = ["https://", "http://"].lazy
      .filter { text.utf8.starts(with: $0.utf8) }
      .map { text.utf8.dropFirst($0.utf8.count) }.first
    guard let rest, !rest.isEmpty, rest.allSatisfy({ (0x21...0x7E).contains($0) }),
      text.utf8.count <= 2000
    else {
      throw Fault(
        .invalidDocument, "\"\(printable(text))\" is not an address on the web",
        remedy: "write it in full: https://…")
    }
    description = text
  }
}
