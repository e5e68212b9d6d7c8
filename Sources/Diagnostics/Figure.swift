/// Numbers of any size as people read them.
package enum Figure {
  /// Three or four significant digits.
  package static func text(_ value: Double) -> String {
    if value == 0 { return "0" }
    if value.isNaN { return "no number" }
    if value.isInfinite { return value < 0 ? "−∞" : "∞" }
    if abs(value) >= 1e-3, abs(value) < 1e5 {
      return value == value.rounded() ? String(Int(value)) : formatted("%.4f", value)
    }
    return formatted("%.2e", value)
  }
}
