import Diagnostics

extension JSONParser {
  mutating func word(_ word: String, _ value: JSONValue, in text: RawSpan) throws -> JSONValue {
    let start = offset
    for expected in word.utf8 {
      guard byte(in: text) == expected else {
        throw offset < text.byteCount
          ? fault("only true, false and null go without quotes", at: start)
          : unexpected(in: text, wanted: word)
      }
      offset += 1
    }
    return value
  }

  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
  mutating func number(in text: RawSpan) throws -> JSONValue {
    let start = offset
    skip("-", in: text)
    if byte(in: text) == UInt8(ascii: "0") { offset += 1 } else { try digits(in: text) }
    var isWhole = true
    if skip(".", in: text) {
      isWhole = false
      try digits(in: text)
    }
    if skip("eE", in: text) {
      isWhole = false
      skip("+-", in: text)
      try digits(in: text)
    }
    let spelled = text.extracting(start..<offset)
    if isWhole, let integer = smallInteger(spelled) { return .integer(integer) }
    let words = spelled.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    guard limits.allowsMinusSigns || !words.contains("-") else {
      throw fault("a negative number stands where none is allowed", at: start)
    }
    if isWhole, let integer = Int64(words) { return .integer(integer) }
    guard let number = Double(words), number.isFinite else {
      throw fault("the number is too large", at: start)
    }
    return .number(number)
  }

  /// The value of nothing but digits, so few that they cannot overflow: nearly every number.
  private func smallInteger(_ digits: RawSpan) -> Int64? {
    guard digits.byteCount <= 18 else { return nil }
    var value: Int64 = 0
    for offset in 0..<digits.byteCount {
      let digit = digits.unsafeLoad(fromByteOffset: offset, as: UInt8.self) &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      value = value &* 10 &+ Int64(digit)
    }
    return value
  }

  private mutating func digits(in text: RawSpan) throws {
    let start = offset
    while let byte = byte(in: text), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      offset += 1
    }
    if offset == start { throw unexpected(in: text, wanted: "a digit") }
  }

  /// Steps over the next byte when it is one of `characters`.
  @discardableResult
  private mutating func skip(_ characters: StaticString, in text: RawSpan) -> Bool {
    guard let byte = byte(in: text),
      characters.withUTF8Buffer({ $0.contains(byte) })
    else { return false }
    offset += 1
    return true
  }

  /// The string whose opening quote is reached.
  mutating func string(in text: RawSpan) throws -> String {
    let start = offset
    offset += 1
    while let byte = byte(in: text), byte >= 0x20, byte != UInt8(ascii: "\""),
      byte != UInt8(ascii: "\\")
    {
      offset += 1
      try checkLength(ofStringFrom: start)
    }
    guard byte(in: text) == UInt8(ascii: "\"") else {
      return try stringWithEscapes(in: text, from: start)
    }
    let string = text.extracting(start + 1..<offset).withUnsafeBytes {
      String(validating: $0, as: UTF8.self)
    }
    guard let string else { throw fault("a string is not UTF-8", at: start) }
    offset += 1
    return string
  }

  /// The string from `start` whose first escape, or a fault, is reached.
  private mutating func stringWithEscapes(
    in text: RawSpan, from start: Int
  ) throws -> String {
    var bytes = text.extracting(start + 1..<offset).withUnsafeBytes { [UInt8]($0) }
    while true {
      try checkLength(ofStringFrom: start)
      switch byte(in: text) {
      case UInt8(ascii: "\""):
        guard let string = String(validating: bytes, as: UTF8.self) else {
          throw fault("a string is not UTF-8", at: start)
        }
        offset += 1
        return string
      case UInt8(ascii: "\\"): bytes += UTF8.encode(try escapedScalar(in: text))!
      case let byte? where byte >= 0x20:
        bytes.append(byte)
        offset += 1
      case nil: throw unexpected(in: text, wanted: "a quote")
      default: throw fault("a control character stands in a string, not spelled as an escape")
      }
    }
  }

  private func checkLength(ofStringFrom start: Int) throws {
    guard offset - start <= limits.stringBytes else {
      throw Fault(
        .overLimit, "a string of more than the \(limits.stringBytes) bytes allowed",
        at: .init(byteOffset: UInt64(start)))
    }
  }

  private mutating func escapedScalar(in text: RawSpan) throws -> UnicodeScalar {
    let start = offset
    offset += 1
    guard let letter = byte(in: text) else { throw unexpected(in: text, wanted: "an escape") }
    offset += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try scalar(inEscapeFrom: start, in: text)
    default: throw fault("there is no such escape", at: start)
    }
  }

  /// The scalar of `\uXXXX`, or of two of them that make a surrogate pair.
  private mutating func scalar(
    inEscapeFrom start: Int, in text: RawSpan
  ) throws -> UnicodeScalar {
    let first = try codeUnit(in: text)
    // C libraries would cut the string here, and name another file or tensor than we do.
    guard first != 0 else { throw fault("a string holds a NUL character", at: start) }
    if let scalar = UnicodeScalar(first) { return scalar }
    let isPair = first < 0xDC00 && skip("\\", in: text) && skip("u", in: text)
    let second = isPair ? try codeUnit(in: text) : 0
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = UnicodeScalar(0x10000 + UInt32(first - 0xD800) << 10 + UInt32(second - 0xDC00))
    else { throw fault("half a surrogate pair stands in a string", at: start) }
    return scalar
  }

  private mutating func codeUnit(in text: RawSpan) throws -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = byte(in: text), let digit = hexadecimalDigit(byte) else {
        throw unexpected(in: text, wanted: "a hexadecimal digit")
      }
      unit = unit << 4 | UInt16(digit)
      offset += 1
    }
    return unit
  }

  private func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
