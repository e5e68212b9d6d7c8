import Diagnostics

/// A Python literal as NumPy writes it in front of an array: read by these few rules, never
/// evaluated.
enum PythonLiteral: Equatable {
  case string(String)
  case integer(Int)
  case boolean(Bool)
  case none
  case list([PythonLiteral])
  case tuple([PythonLiteral])
  case dictionary([Member])

  struct Member: Equatable {
    let name: String
    let value: PythonLiteral
  }

  /// - Parameter allowsLongSuffix: whether `3L` is a number, as it was in Python 2.
  /// - Throws: `numpy-header` with the offset in `text`.
  init(parsing text: [UInt8], allowsLongSuffix: Bool) throws {
    var parser = PythonLiteralParser(text: text, allowsLongSuffix: allowsLongSuffix)
    self = try parser.value(depth: 0)
    try parser.finish()
  }
}

private struct PythonLiteralParser {
  let text: [UInt8]
  let allowsLongSuffix: Bool
  private var offset = 0
  private static let deepest = 8

  init(text: [UInt8], allowsLongSuffix: Bool) {
    self.text = text
    self.allowsLongSuffix = allowsLongSuffix
  }

  private func fault(_ reason: String) -> Fault {
    Fault(
      .numpyHeader, "\(reason) at character \(offset) of the array's header",
      remedy: "the file is damaged, or was not written by NumPy")
  }

  private var next: UInt8? { offset < text.count ? text[offset] : nil }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { offset += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  mutating func finish() throws {
    skipSpace()
    guard next == nil else { throw fault("more text than one value") }
  }

  mutating func value(depth: Int) throws -> PythonLiteral {
    guard depth < PythonLiteralParser.deepest else { throw fault("too many brackets") }
    if take("{") { return .dictionary(try members(depth: depth)) }
    if take("[") { return .list(try elements(until: "]", depth: depth).values) }
    if take("(") {
      let elements = try elements(until: ")", depth: depth)
      // One value in parentheses is that value; a comma makes it a tuple.
      return elements.values.count == 1 && !elements.endsWithComma
        ? elements.values[0] : .tuple(elements.values)
    }
    guard let next else { throw fault("no value") }
    switch next {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return .integer(try integer())
    default: return try word()
    }
  }

  private mutating func elements(
    until end: Unicode.Scalar, depth: Int
  ) throws -> (values: [PythonLiteral], endsWithComma: Bool) {
    var values: [PythonLiteral] = []
    while !take(end) {
      values.append(try value(depth: depth + 1))
      guard take(",") else {
        guard take(end) else { throw fault("no comma or \(end)") }
        return (values, false)
      }
    }
    return (values, true)
  }

  private mutating func members(depth: Int) throws -> [PythonLiteral.Member] {
    var members: [PythonLiteral.Member] = []
    while !take("}") {
      skipSpace()
      guard next == UInt8(ascii: "'") || next == UInt8(ascii: "\"") else { throw fault("no name") }
      let name = try string()
      guard take(":") else { throw fault("no colon") }
      members.append(.init(name: name, value: try value(depth: depth + 1)))
      guard take(",") else {
        guard take("}") else { throw fault("no comma or }") }
        return members
      }
    }
    return members
  }

  /// A string without escapes, which no header needs.
  private mutating func string() throws -> String {
    let quote = text[offset]
    let start = offset + 1
    guard let end = text[start...].firstIndex(of: quote) else {
      throw fault("a string without end")
    }
    let content = text[start..<end]
    guard !content.contains(where: { $0 == UInt8(ascii: "\\") || $0 < 0x20 }),
      let string = String(validating: content, as: UTF8.self)
    else { throw fault("a string with characters that no header needs") }
    offset = end + 1
    return string
  }

  private mutating func integer() throws -> Int {
    let isNegative = take("-")
    let start = offset
    var value = 0
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(byte) - 0x30)
      guard !overflow, !carry else { throw fault("a number beyond 63 bits") }
      value = sum
      offset += 1
    }
    guard offset > start else { throw fault("no number") }
    guard text[start] != UInt8(ascii: "0") || offset == start + 1 else {
      throw fault("a number with leading zeros")
    }
    if allowsLongSuffix, next == UInt8(ascii: "L") { offset += 1 }
    return isNegative ? -value : value
  }

  private mutating func word() throws -> PythonLiteral {
    let letters = text[offset...].prefix { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
    switch String(decoding: letters, as: UTF8.self) {
    case "True":
      offset += 4
      return .boolean(true)
    case "False":
      offset += 5
      return .boolean(false)
    case "None":
      offset += 4
      return .none
    default: throw fault("no value")
    }
  }
}
