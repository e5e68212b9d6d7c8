import Glibc

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

  /// As C's `printf` has it; the format's text is ours, and the result short.
  private static func formatted(_ format: String, _ value: Double) -> String {
    let bytes = [CChar](unsafeUninitializedCapacity: 400) { buffer, count in
      let length = withVaList([value]) { vsnprintf(buffer.baseAddress, 400, format, $0) }
      count = max(0, min(Int(length), 399))
    }
    return String(decoding: bytes.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Three or four significant digits, for figures of any size.
  static func figure(_ value: Double) -> String {
    if value == 0 { return "0" }
    if value.isInfinite { return value < 0 ? "−∞" : "∞" }
    if abs(value) >= 1e-3, abs(value) < 1e5 {
      return value == value.rounded() ? String(Int(value)) : formatted("%.4f", value)
    }
    return formatted("%.2e", value)
  }
}
