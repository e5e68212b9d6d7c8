/// What json-c does not tell about a text: one pass over its bytes, outside of strings.
extension JSONValue {
  /// The number of `:` outside strings, which is the number of members written.
  static func countMemberColons(in text: RawSpan) -> Int {
    var count = 0
    forEachByteOutsideStrings(of: text) { byte, _ in if byte == UInt8(ascii: ":") { count += 1 } }
    return count
  }

  /// Whether a `-` stands outside strings: a negative number or exponent, −0 among them.
  package static func containsMinusSign(_ text: RawSpan) -> Bool {
    var found = false
    forEachByteOutsideStrings(of: text) { byte, _ in if byte == UInt8(ascii: "-") { found = true } }
    return found
  }

  /// The offset of an escaped NUL (`\u0000`) in a string: json-c would cut a name there.
  static func firstEscapedNUL(in text: RawSpan) -> Int? {
    var found: Int?
    var backslashes = 0
    forEachByte(of: text) { byte, offset, inString in
      if inString, byte == UInt8(ascii: "u"), backslashes % 2 == 1, found == nil,
        offset + 4 < text.byteCount,
        (1...4).allSatisfy({
          text.unsafeLoad(fromByteOffset: offset + $0, as: UInt8.self) == UInt8(ascii: "0")
        })
      {
        found = offset - 1
      }
      backslashes = inString && byte == UInt8(ascii: "\\") ? backslashes + 1 : 0
    }
    return found
  }

  /// The offset of the first byte from `start` on that is not JSON white space.
  static func firstNonSpace(in text: RawSpan, from start: Int) -> Int? {
    var offset = start
    while offset < text.byteCount {
      switch text.unsafeLoad(fromByteOffset: offset, as: UInt8.self) {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return offset
      }
    }
    return nil
  }

  /// The first name that one object gives twice, in a text that is valid otherwise.
  static func firstRepeatedName(in text: RawSpan) -> String? {
    var names: [Set<String>] = []
    var stringStart: Int?
    var lastString = ""
    var repeated: String?
    forEachByte(of: text) { byte, offset, inString in
      if inString {
        stringStart = stringStart ?? offset
        return
      }
      if let start = stringStart {
        lastString = decodedName(in: text, from: start, to: offset)
        stringStart = nil
      }
      switch byte {
      case UInt8(ascii: "{"): names.append([])
      case UInt8(ascii: "}"): _ = names.popLast()
      case UInt8(ascii: ":") where !names.isEmpty:
        if !names[names.count - 1].insert(lastString).inserted { repeated = repeated ?? lastString }
      default: break
      }
    }
    return repeated
  }

  /// The name between two quotes; escapes are resolved so that `"a"` and `"\u0061"` are one name.
  private static func decodedName(in text: RawSpan, from start: Int, to end: Int) -> String {
    let raw = (start..<end).map { text.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    let spelled = String(decoding: raw, as: UTF8.self)
    guard spelled.contains("\\"), case .string(let name)? = try? JSONValue(parsing: spelled) else {
      return String(spelled.dropFirst().prefix { $0 != "\"" })
    }
    return name
  }

  private static func forEachByteOutsideStrings(
    of text: RawSpan, _ body: (UInt8, Int) -> Void
  ) {
    forEachByte(of: text) { byte, offset, inString in if !inString { body(byte, offset) } }
  }

  /// Calls `body` for every byte; the quotes of a string count as inside it.
  private static func forEachByte(of text: RawSpan, _ body: (UInt8, Int, Bool) -> Void) {
    var inString = false
    var escaped = false
    for offset in 0..<text.byteCount {
      let byte = text.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      if inString {
        body(byte, offset, true)
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
      } else {
        inString = byte == UInt8(ascii: "\"")
        body(byte, offset, inString)
      }
    }
  }
}
