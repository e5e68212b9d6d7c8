import Diagnostics

/// Numbers as people read them.
enum Quantities {
  /// A count of parameters: `92.8 M`.
  static func parameters(_ count: Int) -> String {
    guard count >= 1000 else { return String(count) }
    var (value, unit) = (Double(count) / 1000, 0)
    while value >= 1000, unit < 2 {
      value /= 1000
      unit += 1
    }
    return formatted("%.1f ", value) + ["k", "M", "G"][unit]
  }
}
