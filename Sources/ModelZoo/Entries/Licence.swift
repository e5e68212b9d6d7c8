import Diagnostics

/// Under which terms a checkpoint may be used.
package enum Licence: Sendable, Hashable {
  case spdx(SPDXIdentifier, address: WebAddress?)
  /// Terms without an SPDX identifier, in a few words, and where they are written down in full.
  case text(ProseText, address: WebAddress)

  /// What a table shows: the identifier or the words.
  package var label: String {
    switch self {
    case .spdx(let identifier, _): identifier.description
    case .text(let words, _): words.description
    }
  }
}

/// An SPDX licence identifier or expression: `MIT`, `Apache-2.0 OR MIT`.
package struct SPDXIdentifier: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  /// - Throws: `invalid-document` when characters occur that no SPDX expression has. Whether the
  ///   identifier is on SPDX's list is not checked: the list grows.
  package init(_ text: String) throws {
    guard (1...200).contains(text.utf8.count),
      let first = text.utf8.first, ASCII.isLetterOrDigit(first) || first == UInt8(ascii: "("),
      text.utf8.allSatisfy({ ASCII.isLetterOrDigit($0) || ".-+:() ".utf8.contains($0) })
    else {
      throw Fault(
        .invalidDocument, "\"\(printable(text))\" is not an SPDX licence identifier",
        remedy: "for other terms give \"text\" and \"url\" instead of \"spdx\"")
    }
    description = text
  }
}
