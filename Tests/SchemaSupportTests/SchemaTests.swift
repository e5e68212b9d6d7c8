import BuiltInSchemas
import Diagnostics
import Documents
import SchemaSupport
import Testing

@Suite("Schemas")
struct SchemaTests {
  private static let unsupportedTexts: [(text: String, pointer: String)] = [
    (##"{"format": "date"}"##, "/format"),
    (##"{"properties": {"a": {"if": true}}}"##, "/properties/a/if"),
    (##"{"anyOf": [{"items": {"prefixItems": []}}]}"##, "/anyOf/0/items/prefixItems"),
    (##"{"$defs": {"a": {"dependentRequired": {}}}}"##, "/$defs/a/dependentRequired"),
    (##"{"properties": {"a": {"$defs": {}}}}"##, "/properties/a/$defs"),
    (##"{"type": "whole"}"##, "/type"),
    (##"{"type": []}"##, "/type"),
    (##"{"pattern": "("}"##, "/pattern"),
    (##"{"patternProperties": {"[": true}}"##, "/patternProperties/["),
    (##"{"$ref": "#/$defs/missing"}"##, "/$ref"),
    (##"{"$ref": "other.json"}"##, "/$ref"),
    (##"{"oneOf": []}"##, "/oneOf"),
    (##"{"items": 3}"##, "/items"),
    (##"{"$schema": "http://json-schema.org/draft-07/schema#"}"##, "/$schema"),
    (##"{"$defs": {"a": {"$ref": "#/$defs/a"}}}"##, "/$defs/a"),
    (
      ##"{"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}}"##,
      "/$defs/a"
    ),
  ]

  @Test(
    "refuses a schema that says what nobody checks",
    arguments: SchemaTests.unsupportedTexts)
  func unsupported(text: String, pointer: String) {
    let fault = #expect(throws: Fault.self) { try Schema(parsing: Array(text.utf8)) }
    #expect(fault?.code == .unsupportedSchema)
    #expect(fault?.place.pointer == pointer)
  }

  @Test(
    "refuses a keyword with a value that it cannot have",
    arguments: [
      ##"{"minLength": "3"}"##, ##"{"required": "a"}"##, ##"{"required": [1]}"##,
      ##"{"enum": 1}"##, ##"{"minimum": "0"}"##, ##"{"uniqueItems": 1}"##, ##"{"maxItems": -1}"##,
      ##"{"properties": []}"##, ##"{"anyOf": {}}"##, ##"{"$ref": 1}"##, ##"{"pattern": 1}"##,
    ])
  func malformed(text: String) {
    let fault = #expect(throws: Fault.self) { try Schema(parsing: Array(text.utf8)) }
    #expect(fault?.code == .invalidDocument)
  }

  @Test("accepts a definition that refers to itself one level deeper")
  func recursion() throws {
    let schema = try Schema(
      parsing: Array(
        ##"{"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}"##
          .utf8))
    #expect(try schema.violations(of: JSONValue(parsing: "[[], [[]]]")).isEmpty)
    let found = try schema.violations(of: JSONValue(parsing: "[[], [[3]]]"))
    #expect(found.map(\.pointer) == ["/1/0/0"])
  }

  @Test("a schema that nothing satisfies is broken by the part, not by the whole")
  func falseBelow() throws {
    let schema = try Schema(parsing: Array(##"{"properties": {"a": false}}"##.utf8))
    #expect(schema.violations(of: .object(["b": 1])).isEmpty)
    let found = try #require(schema.violations(of: .object(["a": 1])).first)
    #expect(found.pointer == "/a")
    #expect(found.keyword == "false")
  }

  @Test("a dollar sign means the very end, not the place before a last line break")
  func dollar() throws {
    let schema = try Schema(parsing: Array(##"{"pattern": "^a$"}"##.utf8))
    #expect(schema.violations(of: "a").isEmpty)
    #expect(schema.violations(of: "a\n").map(\.keyword) == ["pattern"])
  }

  @Test("every built-in schema is one that can be checked, and is listed under its file's name")
  func builtIn() throws {
    #expect(BuiltInSchemas.all.count == 9)
    for (name, text) in BuiltInSchemas.all {
      #expect(throws: Never.self, "\(name)") { try Schema(parsing: text) }
      #expect(BuiltInSchemas.text(of: name) == text)
    }
    #expect(BuiltInSchemas.text(of: "no-such") == nil)
  }
}
