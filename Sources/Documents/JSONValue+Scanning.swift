extension JSONValue {
  /// Whether a `-` stands outside strings: a negative number or exponent, −0 among them.
  package static func containsMinusSign(_ text: RawSpan) -> Bool {
    var inString = false
    var escaped = false
    for offset in 0..<text.byteCount {
      switch text.unsafeLoad(fromByteOffset: offset, as: UInt8.self) {
      case _ where escaped: escaped = false
      case UInt8(ascii: "\\"): escaped = inString
      case UInt8(ascii: "\""): inString.toggle()
      case UInt8(ascii: "-") where !inString: return true
      default: break
      }
    }
    return false
  }
}
