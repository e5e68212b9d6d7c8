import Diagnostics
import Documents

/// A JSON Schema of the part of draft 2020-12 that this project's schemas use.
///
/// A schema with any other keyword, or with one of them malformed, cannot be built: no schema
/// promises something that nobody checks.
package struct Schema {
  let root: JSONValue
  /// Every regular expression of the schema, made once.
  var patterns: [String: Pattern] = [:]

  /// - Throws: `unsupported-schema` with a pointer to the keyword, `invalid-document` when the text
  ///   is not JSON.
  package init(parsing text: [UInt8]) throws {
    try self.init(JSONValue(parsing: text, limits: .init(depth: 64)))
  }

  /// - Throws: `unsupported-schema` with a pointer to the keyword.
  package init(_ root: JSONValue) throws {
    self.root = root
    try check(JSONReader(root))
    try checkThatReferencesEnd()
  }

  /// What the instance breaks; empty when it is valid.
  package func violations(of instance: JSONValue) -> [Violation] {
    violations(of: instance, at: "", under: root)
  }

  /// One broken promise.
  package struct Violation: Hashable, CustomStringConvertible {
    /// Where in the instance, as a JSON pointer.
    package let pointer: String
    /// Which keyword of the schema; `false` for the schema that nothing satisfies.
    package let keyword: String
    package let reason: String

    package var description: String { "\(pointer.isEmpty ? "/" : pointer): \(keyword): \(reason)" }
  }

  /// The schema that `#/$defs/name` names.
  func definition(_ reference: String) -> JSONValue? {
    let prefix = "#/$defs/"
    guard reference.hasPrefix(prefix) else { return nil }
    return root["$defs"]?[String(reference.dropFirst(prefix.count))]
  }
}

extension Fault.Code {
  package static let unsupportedSchema = Fault.Code("unsupported-schema", exit: .invalidData)
}

/// A name as one step of a JSON pointer.
func escapedStep(_ name: String) -> String {
  name.replacing("~", with: "~0").replacing("/", with: "~1")
}
