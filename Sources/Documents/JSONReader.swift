import Diagnostics

/// A value of a document together with the way to it, so that every complaint says where.
package struct JSONReader: Sendable {
  package let value: JSONValue
  private let way: Way

  /// A JSON pointer (RFC 6901) from the root of the document.
  package var pointer: String { way.pointer }

  package init(_ value: JSONValue, pointer: String = "") {
    self.init(value, .start(pointer))
  }

  private init(_ value: JSONValue, _ way: Way) {
    self.value = value
    self.way = way
  }

  package func fault(_ reason: String, remedy: String? = nil) -> Fault {
    Fault(.invalidDocument, reason, at: .init(pointer: pointer), remedy: remedy)
  }

  private func mismatch(_ expected: String) -> Fault {
    fault("\(expected) is expected here, not \(value.kindName)")
  }

  package func string() throws -> String {
    guard case .string(let string) = value else { throw mismatch("a string") }
    return string
  }

  package func integer(in range: ClosedRange<Int> = 0...Int.max) throws -> Int {
    guard case .integer(let integer) = value else { throw mismatch("a whole number") }
    guard range.contains(Int(integer)) else {
      throw fault("\(integer) is outside \(range.lowerBound)…\(range.upperBound)")
    }
    return Int(integer)
  }

  package func number() throws -> Double {
    switch value {
    case .number(let number): return number
    case .integer(let integer): return Double(integer)
    default: throw mismatch("a number")
    }
  }

  package func boolean() throws -> Bool {
    guard case .boolean(let boolean) = value else { throw mismatch("true or false") }
    return boolean
  }

  package func elements() throws -> [JSONReader] {
    guard case .array(let values) = value else { throw mismatch("a list") }
    return values.enumerated().map { JSONReader($1, .element($0, of: way)) }
  }

  package func members() throws -> [(name: String, reader: JSONReader)] {
    guard case .object(let members) = value else { throw mismatch("an object") }
    return members.map { ($0.name, child($0.name, $0.value)) }
  }

  /// The member called `name`; a fault when the object lacks it.
  package func member(_ name: String) throws -> JSONReader {
    guard let member = try optionalMember(name) else { throw fault("\"\(name)\" is missing") }
    return member
  }

  /// The member called `name`, or nil when it is absent or `null`.
  package func optionalMember(_ name: String) throws -> JSONReader? {
    guard case .object = value else { throw mismatch("an object") }
    guard let member = value[name], member != .null else { return nil }
    return child(name, member)
  }

  /// The object as a dictionary, each value read by `read`.
  ///
  /// Names that differ in their bytes may still be one string to Swift; such a pair is refused.
  package func dictionary<Value>(
    _ read: (JSONReader) throws -> Value
  ) throws -> [String: Value] {
    var dictionary: [String: Value] = [:]
    for (name, reader) in try members() {
      guard dictionary.updateValue(try read(reader), forKey: name) == nil else {
        throw reader.fault("the name \"\(printable(name))\" is given twice")
      }
    }
    return dictionary
  }

  /// Refuses members that the document's schema does not know: a misspelt option must not pass.
  package func allowOnly(_ names: Set<String>) throws {
    for (name, reader) in try members() where !names.contains(name) {
      throw reader.fault(
        "unknown member \"\(printable(name))\"",
        remedy: "known members: \(names.sorted().joined(separator: ", "))")
    }
  }

  private func child(_ name: String, _ value: JSONValue) -> JSONReader {
    JSONReader(value, .member(name, of: way))
  }

  /// The steps to a value. They are spelt out only for a complaint: few values give rise to one.
  private indirect enum Way: Sendable {
    case start(String)
    case member(String, of: Way)
    case element(Int, of: Way)

    var pointer: String {
      switch self {
      case .start(let pointer): return pointer
      case .element(let index, let way): return "\(way.pointer)/\(index)"
      case .member(let name, let way):
        var escaped = ""
        // Scalars, not characters: a slash stays one to a JSON pointer when an accent follows it.
        for scalar in name.unicodeScalars {
          switch scalar {
          case "~": escaped += "~0"
          case "/": escaped += "~1"
          default: escaped.unicodeScalars.append(scalar)
          }
        }
        return "\(way.pointer)/\(escaped)"
      }
    }
  }
}

extension JSONValue {
  var kindName: String {
    switch self {
    case .null: "null"
    case .boolean: "a boolean"
    case .integer: "a whole number"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}
