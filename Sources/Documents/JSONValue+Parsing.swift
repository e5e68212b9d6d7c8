import CJSON
import Diagnostics

extension JSONValue {
  /// What an untrusted text may ask for at most.
  package struct Limits: Sendable {
    package var bytes: Int
    package var depth: Int
    package var members: Int

    package init(bytes: Int = 16 << 20, depth: Int = 32, members: Int = 1 << 20) {
      self.bytes = bytes
      self.depth = depth
      self.members = members
    }
  }

  /// Parses one JSON text strictly: valid UTF-8, no duplicate member names, nothing but white space
  /// after the value.
  ///
  /// - Throws: `invalid-document` with the byte offset where parsing stopped, `over-limit` when the
  ///   text is larger or deeper than `limits` allow.
  package init(parsing text: RawSpan, limits: Limits = Limits()) throws {
    guard text.byteCount <= limits.bytes else {
      throw Fault(
        .overLimit, "JSON text of \(text.byteCount) bytes, more than the \(limits.bytes) allowed")
    }
    let colons = JSONValue.countMemberColons(in: text)
    guard colons <= limits.members else {
      throw Fault(
        .overLimit, "JSON text with \(colons) members, more than the \(limits.members) allowed")
    }
    if let offset = JSONValue.firstEscapedNUL(in: text) {
      throw Fault(
        .invalidDocument, "a string holds a NUL character",
        at: .init(byteOffset: UInt64(offset)))
    }
    let root = try ParsedObject.parsing(text, depth: limits.depth)
    self = JSONValue(copying: root.pointer)
    // json-c keeps the last of several members with one name and says nothing.
    if memberCount != colons {
      let name = JSONValue.firstRepeatedName(in: text)
      throw Fault(
        .invalidDocument,
        "the name \(name.map { "\"\(printable($0))\"" } ?? "of a member") is given twice")
    }
  }

  package init(parsing text: String, limits: Limits = Limits()) throws {
    var bytes = Array(text.utf8)
    if bytes.isEmpty { bytes = [0x20] }
    try self.init(parsing: bytes.span.bytes, limits: limits)
  }

  package init(parsing bytes: [UInt8], limits: Limits = Limits()) throws {
    try self.init(parsing: bytes.span.bytes, limits: limits)
  }

  /// The number of members in all objects of this value.
  private var memberCount: Int {
    switch self {
    case .object(let members): members.reduce(members.count) { $0 + $1.value.memberCount }
    case .array(let values): values.reduce(0) { $0 + $1.memberCount }
    default: 0
    }
  }

  private init(copying object: OpaquePointer?) {
    switch json_object_get_type(object) {
    case json_type_boolean: self = .boolean(json_object_get_boolean(object) != 0)
    case json_type_double: self = .number(json_object_get_double(object))
    case json_type_int: self = JSONValue.integer(copying: object)
    case json_type_string:
      self = .string(JSONValue.string(copying: object))
    case json_type_array:
      let count = json_object_array_length(object)
      self = .array((0..<count).map { JSONValue(copying: json_object_array_get_idx(object, $0)) })
    case json_type_object:
      var members: [Member] = []
      var entry = inflate_json_first_member(object)
      while let current = entry {
        let name = String(cString: inflate_json_member_name(current))
        members.append(Member(name, JSONValue(copying: inflate_json_member_value(current))))
        entry = inflate_json_next_member(current)
      }
      self = .object(members)
    default: self = .null
    }
  }

  /// json-c saturates integers beyond 64 bits; those become inexact numbers, which no reader of
  /// integers accepts.
  private static func integer(copying object: OpaquePointer?) -> JSONValue {
    let value = json_object_get_int64(object)
    if value == .max, json_object_get_uint64(object) > UInt64(Int64.max) {
      return .number(Double(json_object_get_uint64(object)))
    }
    return .integer(value)
  }

  private static func string(copying object: OpaquePointer?) -> String {
    guard let start = json_object_get_string(object) else { return "" }
    let length = Int(json_object_get_string_len(object))
    return String(
      decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
  }
}

/// Owns what json-c allocated for one text.
private struct ParsedObject: ~Copyable {
  let pointer: OpaquePointer?

  deinit { json_object_put(pointer) }

  static func parsing(_ text: RawSpan, depth: Int) throws -> ParsedObject {
    guard let tokener = json_tokener_new_ex(Int32(depth)) else {
      throw Fault(.overLimit, "no memory for a JSON parser")
    }
    defer { json_tokener_free(tokener) }
    json_tokener_set_flags(
      tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 | JSON_TOKENER_ALLOW_TRAILING_CHARS)
    var terminator: CChar = 0
    let root = ParsedObject(
      pointer: text.withUnsafeBytes { bytes -> OpaquePointer? in
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        let value = json_tokener_parse_ex(tokener, start, Int32(bytes.count))
        // A bare number has no end of its own: the terminating NUL says that the text is over.
        guard value == nil, json_tokener_get_error(tokener) == json_tokener_continue else {
          return value
        }
        return json_tokener_parse_ex(tokener, &terminator, 1)
      })
    let status = json_tokener_get_error(tokener)
    let end = Int(json_tokener_get_parse_end(tokener))
    guard status == json_tokener_success else {
      let reason =
        status == json_tokener_continue
        ? "the text ends too early" : String(cString: json_tokener_error_desc(status))
      throw Fault(.invalidDocument, "not JSON: \(reason)", at: .init(byteOffset: UInt64(end)))
    }
    if let offset = JSONValue.firstNonSpace(in: text, from: end) {
      throw Fault(
        .invalidDocument, "more text after the end of the JSON value",
        at: .init(byteOffset: UInt64(offset)))
    }
    return root
  }
}
