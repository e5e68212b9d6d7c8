extension JSONValue {
  /// What an untrusted text may ask for at most.
  package struct Limits: Sendable {
    package var bytes: Int
    /// Of lists and objects in one another.
    package var depth: Int
    /// Values of every kind, which take up to a hundred bytes of memory each.
    package var values: Int
    /// Of one string, as it is spelled.
    package var stringBytes = 16 << 20
    /// Whether a number or its exponent may be negative.
    package var allowsMinusSigns = true

    package init(bytes: Int = 16 << 20, depth: Int = 32, values: Int = 1 << 19) {
      self.bytes = bytes
      self.depth = depth
      self.values = values
    }
  }

  /// Parses one JSON text strictly: RFC 8259 in UTF-8, no name given twice in one object,
  /// no half surrogate pairs, nothing but white space after the value.
  ///
  /// - Throws: `invalid-document` with the byte offset of what is wrong, `over-limit` when the text
  ///   is larger or deeper than `limits` allow.
  package init(parsing text: RawSpan, limits: Limits = Limits()) throws {
    self = try JSONParser.parse(text, limits: limits)
  }

  package init(parsing text: String, limits: Limits = Limits()) throws {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }

  package init(parsing bytes: [UInt8], limits: Limits = Limits()) throws {
    try self.init(parsing: bytes.span.bytes, limits: limits)
  }
}
