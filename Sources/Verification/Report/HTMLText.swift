import Diagnostics
import FoundationEssentials

/// A piece of a page. Text that comes from files or users enters through ``text(_:)`` alone, which
/// leaves nothing that a browser would take for markup.
struct HTMLText: ExpressibleByStringInterpolation {
  private(set) var markup: String

  init(markup: String) { self.markup = markup }
  init(stringLiteral value: String) { markup = value }

  init(stringInterpolation: Interpolation) { markup = stringInterpolation.markup }

  /// Escapes what is put in, unless it is markup itself.
  struct Interpolation: StringInterpolationProtocol {
    fileprivate var markup = ""

    init(literalCapacity: Int, interpolationCount: Int) {}
    mutating func appendLiteral(_ literal: String) { markup += literal }
    mutating func appendInterpolation(_ text: String) { markup += HTMLText.escaped(text) }
    mutating func appendInterpolation(_ number: Int) { markup += String(number) }
    mutating func appendInterpolation(_ part: HTMLText) { markup += part.markup }
    mutating func appendInterpolation(_ parts: [HTMLText]) {
      for part in parts { markup += part.markup }
    }

    /// A coordinate or length, to a hundredth.
    mutating func appendInterpolation(length: Double) {
      markup += formatted("%.2f", length)
    }
  }

  /// Control and format characters, which may hide or turn what is read, are shown as their codes.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
          result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }

  /// A picture inside the page itself.
  static func dataURL(ofPNG bytes: [UInt8]) -> HTMLText {
    HTMLText(markup: "data:image/png;base64," + Data(bytes).base64EncodedString())
  }
}
