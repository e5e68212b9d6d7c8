import Diagnostics

/// Reads one JSON text (RFC 8259) front to back and refuses whatever the grammar does not allow.
///
/// It also refuses what the grammar allows but readers take differently: a name given twice, half a
/// surrogate pair, a NUL in a string, a number beyond a `Double`.
struct JSONParser {
  private let limits: JSONValue.Limits
  var offset = 0
  private var depth = 0
  private var valueCount = 0

  /// The value of a whole text.
  static func parse(_ text: RawSpan, limits: JSONValue.Limits) throws -> JSONValue {
    guard text.byteCount <= limits.bytes else {
      throw Fault(
        .overLimit, "JSON text of \(text.byteCount) bytes, more than the \(limits.bytes) allowed")
    }
    var parser = JSONParser(limits: limits)
    let value = try parser.value(in: text)
    guard parser.nextToken(in: text) == nil else {
      throw parser.fault("more text after the end of the JSON value")
    }
    return value
  }

  private init(limits: JSONValue.Limits) { self.limits = limits }

  private mutating func value(in text: RawSpan) throws -> JSONValue {
    valueCount += 1
    guard valueCount <= limits.values else {
      throw Fault(
        .overLimit, "JSON text with more than the \(limits.values) values allowed", at: place)
    }
    guard let token = nextToken(in: text) else {
      throw unexpected(in: text, wanted: "a value")
    }
    switch token {
    case UInt8(ascii: "{"): return .object(try nested { try $0.members(in: text) })
    case UInt8(ascii: "["): return .array(try nested { try $0.elements(in: text) })
    case UInt8(ascii: "\""): return .string(try string(in: text))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(in: text)
    case UInt8(ascii: "t"): return try word("true", .boolean(true), in: text)
    case UInt8(ascii: "f"): return try word("false", .boolean(false), in: text)
    case UInt8(ascii: "n"): return try word("null", .null, in: text)
    default: throw unexpected(in: text, wanted: "a value")
    }
  }

  private mutating func nested<Result>(
    _ body: (inout JSONParser) throws -> Result
  ) throws -> Result {
    depth += 1
    guard depth <= limits.depth else {
      throw Fault(
        .overLimit, "JSON text nested deeper than the \(limits.depth) levels allowed", at: place)
    }
    offset += 1
    let result = try body(&self)
    offset += 1
    depth -= 1
    return result
  }

  private mutating func elements(in text: RawSpan) throws -> [JSONValue] {
    var elements: [JSONValue] = []
    if nextToken(in: text) == UInt8(ascii: "]") { return elements }
    while true {
      elements.append(try value(in: text))
      switch nextToken(in: text) {
      case UInt8(ascii: "]"): return elements
      case UInt8(ascii: ","): offset += 1
      default: throw unexpected(in: text, wanted: "a comma or ]")
      }
    }
  }

  private mutating func members(in text: RawSpan) throws -> [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    var names = NameSet()
    if nextToken(in: text) == UInt8(ascii: "}") { return members }
    while true {
      guard nextToken(in: text) == UInt8(ascii: "\"") else {
        throw unexpected(in: text, wanted: "a name in double quotes")
      }
      let start = offset
      let name = try string(in: text)
      guard limits.keepsRepeatedNames || names.insert(name) else {
        throw fault("the name \"\(printable(name))\" is given twice", at: start)
      }
      guard nextToken(in: text) == UInt8(ascii: ":") else {
        throw unexpected(in: text, wanted: "a colon")
      }
      offset += 1
      members.append(JSONValue.Member(name, try value(in: text)))
      switch nextToken(in: text) {
      case UInt8(ascii: "}"): return members
      case UInt8(ascii: ","): offset += 1
      default: throw unexpected(in: text, wanted: "a comma or }")
      }
    }
  }
}

extension JSONParser {
  /// The byte at the place reached, or nil at the text's end.
  func byte(in text: RawSpan) -> UInt8? {
    offset < text.byteCount ? text.unsafeLoad(fromByteOffset: offset, as: UInt8.self) : nil
  }

  /// The first byte from here on that is not white space.
  private mutating func nextToken(in text: RawSpan) -> UInt8? {
    while let byte = byte(in: text) {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return byte
      }
    }
    return nil
  }

  private var place: Fault.Place { .init(byteOffset: UInt64(offset)) }

  func fault(_ reason: String, at start: Int? = nil) -> Fault {
    Fault(
      .invalidDocument, "invalid JSON: \(reason)",
      at: .init(byteOffset: UInt64(start ?? offset)))
  }

  func unexpected(in text: RawSpan, wanted: String) -> Fault {
    guard let byte = byte(in: text) else { return fault("the text ends too early") }
    let shown =
      (0x21...0x7E).contains(byte)
      ? String(UnicodeScalar(byte)) : "byte 0x\(String(byte, radix: 16))"
    return fault("\(wanted) is expected, not \(shown)")
  }
}

/// The names of one object, told apart by their bytes.
private struct NameSet {
  private struct Name: Hashable {
    let name: String

    static func == (left: Name, right: Name) -> Bool {
      // Strings that Swift tells apart, by one comparison of memory as a rule, differ in bytes too.
      left.name == right.name && left.name.utf8.elementsEqual(right.name.utf8)
    }

    func hash(into hasher: inout Hasher) {
      // By bytes, too: the many spellings of one text would all collide.
      for byte in name.utf8 { hasher.combine(byte) }
    }
  }

  private var few: [String] = []
  private var many: Set<Name> = []

  /// - Returns: whether the name is new.
  mutating func insert(_ name: String) -> Bool {
    // Most objects are so small that looking at every name is cheaper than hashing them.
    guard few.count == 8 else {
      defer { few.append(name) }
      return !few.contains { Name(name: $0) == Name(name: name) }
    }
    if many.isEmpty { many.formUnion(few.map(Name.init)) }
    return many.insert(Name(name: name)).inserted
  }
}
