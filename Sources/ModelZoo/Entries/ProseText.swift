import Diagnostics

/// Words for people: one to 2000 characters without control characters, line breaks among them.
package struct ProseText: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  /// - Throws: `invalid-document` when the text is empty, too long or has control characters.
  package init(_ text: String) throws {
    guard (1...2000).contains(text.unicodeScalars.count) else {
      throw Fault(
        .invalidDocument,
        "a text of 1 to 2000 characters is expected, not of"
          + " \(text.unicodeScalars.count)")
    }
    guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw Fault(.invalidDocument, "\"\(printable(text))\" has control characters")
    }
    description = text
  }
}
