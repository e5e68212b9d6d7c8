import Glibc

/// A number as C's `printf` writes it.
///
/// - Parameter format: ours, never a user's, with one place for a floating-point number: `%.4f`.
package func formatted(_ format: String, _ value: Double) -> String {
  // The longest number in decimals has 309 digits before its point.
  var text = [CChar](repeating: 0, count: 400)
  let length = withVaList([value]) { vsnprintf(&text, text.count, format, $0) }
  return String(
    decoding: text.prefix(max(0, Int(length))).map(UInt8.init(bitPattern:)), as: UTF8.self)
}
