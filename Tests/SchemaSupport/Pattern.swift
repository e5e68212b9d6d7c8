/// A regular expression of a schema: found anywhere in the text unless anchored.
struct Pattern {
  private let expression: Regex<AnyRegexOutput>

  /// nil when the text is no regular expression.
  init?(_ text: String) {
    guard let expression = try? Regex(Pattern.translated(text)) else { return nil }
    // JSON Schema's patterns see code points, Swift's see whole characters unless told.
    self.expression = expression.matchingSemantics(.unicodeScalar)
  }

  func matches(_ text: String) -> Bool {
    (try? expression.firstMatch(in: text)) != nil
  }

  /// `$` is the very end of the text in the expressions of JSON Schema; Swift's also lets a line
  /// break follow.
  private static func translated(_ text: String) -> String {
    var output = ""
    var escaped = false
    var inClass = false
    for scalar in text.unicodeScalars {
      if !escaped, !inClass, scalar == "$" {
        output += "\\z"
        continue
      }
      if !escaped {
        if scalar == "[" { inClass = true }
        if scalar == "]" { inClass = false }
      }
      escaped = !escaped && scalar == "\\"
      output.unicodeScalars.append(scalar)
    }
    return output
  }
}
