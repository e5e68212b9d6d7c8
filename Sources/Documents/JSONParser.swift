import Diagnostics

/// Reads one JSON text (RFC 8259) front to back and refuses whatever the grammar does not allow.
///
/// It also refuses what the grammar allows but readers take differently: a name given twice, half a
/// surrogate pair, a NUL in a string, a number beyond a `Double`.
///
/// Small documents become a ``JSONValue``. A reader of large ones asks for what it expects, part by
/// part, and keeps what it needs; see ``object(in:_:)``.
package struct JSONParser {
  let limits: JSONValue.Limits
  var offset = 0
  private var depth = 0
  private var valueCount = 0
  private let progress: Progress?
  private var reportedOffset = 0

  /// Somebody who wants to hear, every so many bytes, how far the parser has come.
  package struct Progress {
    let interval: Int
    let report: (_ offset: Int) -> Void

    package init(every interval: Int, _ report: @escaping (_ offset: Int) -> Void) {
      self.interval = interval
      self.report = report
    }
  }

  /// The value of a whole text.
  static func parse(_ text: RawSpan, limits: JSONValue.Limits) throws -> JSONValue {
    var parser = try JSONParser(text, limits: limits)
    let value = try parser.value(in: text)
    try parser.end(in: text)
    return value
  }

  /// A parser at the start of `text`.
  ///
  /// - Throws: `over-limit` when the text is larger than `limits` allow.
  package init(
    _ text: RawSpan, limits: JSONValue.Limits, progress: Progress? = nil
  ) throws {
    guard text.byteCount <= limits.bytes else {
      throw Fault(
        .overLimit, "JSON text of \(text.byteCount) bytes, more than the \(limits.bytes) allowed")
    }
    self.limits = limits
    self.progress = progress
  }

  private mutating func value(in text: RawSpan) throws -> JSONValue {
    valueCount += 1
    guard valueCount <= limits.values else {
      throw Fault(
        .overLimit, "JSON text with more than the \(limits.values) values allowed", at: place)
    }
    switch try valueToken(in: text) {
    case UInt8(ascii: "{"): return .object(try members(in: text))
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try array(in: text) { elements.append(try $0.value(in: text)) }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try string(in: text))
    case UInt8(ascii: "t"): return try word("true", .boolean(true), in: text)
    case UInt8(ascii: "f"): return try word("false", .boolean(false), in: text)
    case UInt8(ascii: "n"): return try word("null", .null, in: text)
    default: return try number(in: text)
    }
  }

  private mutating func members(in text: RawSpan) throws -> [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    var names = NameSet()
    try object(in: text) { parser, name, start in
      guard names.insert(name) else {
        throw parser.fault("the name \"\(printable(name))\" is given twice", at: start)
      }
      members.append(JSONValue.Member(name, try parser.value(in: text)))
    }
    return members
  }

  /// Steps over an opening bracket, runs `body`, and steps over the closing one that it stops at.
  mutating func nested(_ body: (inout JSONParser) throws -> Void) throws {
    depth += 1
    guard depth <= limits.depth else {
      throw Fault(
        .overLimit, "JSON text nested deeper than the \(limits.depth) levels allowed", at: place)
    }
    offset += 1
    try body(&self)
    offset += 1
    depth -= 1
  }
}

extension JSONParser {
  /// The byte at the place reached, or nil at the text's end.
  func byte(in text: RawSpan) -> UInt8? {
    offset < text.byteCount ? text.unsafeLoad(fromByteOffset: offset, as: UInt8.self) : nil
  }

  /// The first byte from here on that is not white space.
  mutating func nextToken(in text: RawSpan) -> UInt8? {
    while let byte = byte(in: text) {
      if let progress, offset - reportedOffset >= progress.interval {
        reportedOffset = offset
        progress.report(offset)
      }
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return byte
      }
    }
    return nil
  }

  private var place: Fault.Place { .init(byteOffset: UInt64(offset)) }

  func fault(_ reason: String, at start: Int? = nil) -> Fault {
    mismatch("invalid JSON: \(reason)", at: start)
  }

  /// What to say of JSON that is sound, and not what is expected at `start`, or at the place
  /// reached.
  package func mismatch(_ reason: String, at start: Int? = nil) -> Fault {
    Fault(.invalidDocument, reason, at: .init(byteOffset: UInt64(start ?? offset)))
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
