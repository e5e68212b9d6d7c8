import Diagnostics

/// The name of an entry, a family or a recipe, safe as the name of a folder on every system.
///
/// Lower-case ASCII letters, digits and `-._`, beginning with a letter or digit, at most 100 of
/// them, never two dots in a row. Nothing that looks like another name can be spelt.
package struct ZooName: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let description: String

  /// - Throws: `invalid-document` when the text breaks a rule above.
  package init(_ text: String) throws {
    guard (1...100).contains(text.utf8.count), text.utf8.allSatisfy(ZooName.isAllowed),
      let first = text.utf8.first, ASCII.isLetterOrDigit(first), !text.contains("..")
    else {
      throw Fault(
        .invalidDocument, "\"\(printable(text))\" cannot be a name",
        remedy: "use 1 to 100 lower-case letters, digits and -._ with a letter or digit first and"
          + " no two dots in a row")
    }
    description = text
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): false
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    default: ASCII.isLetterOrDigit(byte)
    }
  }

  package static func < (left: ZooName, right: ZooName) -> Bool {
    left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
  }
}

enum ASCII {
  static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }
}
