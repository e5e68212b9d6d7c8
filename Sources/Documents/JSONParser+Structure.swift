import Diagnostics

/// Reading a document part by part, for those that are too large to be kept whole. Each call reads
/// one value, of the kind that it is named after, and anything else is a fault.
extension JSONParser {
  /// Reads an object. `member` is given each name and the offset at which it stands, also when the
  /// name comes again, and has to read the value.
  package mutating func object(
    in text: RawSpan,
    _ member: (_ parser: inout JSONParser, _ name: String, _ start: Int) throws -> Void
  ) throws {
    guard nextToken(in: text) == UInt8(ascii: "{") else {
      throw unexpected(in: text, wanted: "an object")
    }
    try nested { parser in
      if parser.nextToken(in: text) == UInt8(ascii: "}") { return }
      while true {
        guard parser.nextToken(in: text) == UInt8(ascii: "\"") else {
          throw parser.unexpected(in: text, wanted: "a name in double quotes")
        }
        let start = parser.offset
        let name = try parser.string(in: text)
        guard parser.nextToken(in: text) == UInt8(ascii: ":") else {
          throw parser.unexpected(in: text, wanted: "a colon")
        }
        parser.offset += 1
        try member(&parser, name, start)
        switch parser.nextToken(in: text) {
        case UInt8(ascii: "}"): return
        case UInt8(ascii: ","): parser.offset += 1
        default: throw parser.unexpected(in: text, wanted: "a comma or }")
        }
      }
    }
  }

  /// Reads a list; `element` has to read each of its values.
  package mutating func array(
    in text: RawSpan, _ element: (_ parser: inout JSONParser) throws -> Void
  ) throws {
    guard nextToken(in: text) == UInt8(ascii: "[") else {
      throw unexpected(in: text, wanted: "a list")
    }
    try nested { parser in
      if parser.nextToken(in: text) == UInt8(ascii: "]") { return }
      while true {
        try element(&parser)
        switch parser.nextToken(in: text) {
        case UInt8(ascii: "]"): return
        case UInt8(ascii: ","): parser.offset += 1
        default: throw parser.unexpected(in: text, wanted: "a comma or ]")
        }
      }
    }
  }

  package mutating func text(in text: RawSpan) throws -> String {
    guard nextToken(in: text) == UInt8(ascii: "\"") else {
      throw unexpected(in: text, wanted: "a string")
    }
    return try string(in: text)
  }

  /// A whole number that is not negative.
  package mutating func count(in text: RawSpan) throws -> Int {
    guard let token = nextToken(in: text), isStartOfNumber(token) else {
      throw unexpected(in: text, wanted: "a whole number")
    }
    let start = offset
    guard case .integer(let integer) = try number(in: text), token != UInt8(ascii: "-") else {
      throw mismatch("a whole number from 0 to 2⁶³ − 1 is expected", at: start)
    }
    return Int(integer)
  }

  /// Whether a `null` comes next, which is stepped over then.
  package mutating func skipNull(in text: RawSpan) throws -> Bool {
    guard nextToken(in: text) == UInt8(ascii: "n") else { return false }
    _ = try word("null", .null, in: text)
    return true
  }

  /// Steps over a value of any kind; it has to be sound, and nothing of it is kept.
  package mutating func skipValue(in text: RawSpan) throws {
    switch try valueToken(in: text) {
    case UInt8(ascii: "{"): try object(in: text) { parser, _, _ in try parser.skipValue(in: text) }
    case UInt8(ascii: "["): try array(in: text) { try $0.skipValue(in: text) }
    case UInt8(ascii: "\""): _ = try string(in: text)
    case UInt8(ascii: "t"): _ = try word("true", .boolean(true), in: text)
    case UInt8(ascii: "f"): _ = try word("false", .boolean(false), in: text)
    case UInt8(ascii: "n"): _ = try word("null", .null, in: text)
    default: _ = try number(in: text)
    }
  }

  /// Nothing but white space is left.
  package mutating func end(in text: RawSpan) throws {
    guard nextToken(in: text) == nil else {
      throw fault("more text after the end of the JSON value")
    }
  }

  /// The first byte of a value, reached and not stepped over.
  mutating func valueToken(in text: RawSpan) throws -> UInt8 {
    let token = nextToken(in: text)
    switch token {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""), UInt8(ascii: "t"),
      UInt8(ascii: "f"), UInt8(ascii: "n"):
      return token!
    case let token? where isStartOfNumber(token): return token
    default: throw unexpected(in: text, wanted: "a value")
    }
  }

  private func isStartOfNumber(_ token: UInt8) -> Bool {
    token == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(token)
  }
}
