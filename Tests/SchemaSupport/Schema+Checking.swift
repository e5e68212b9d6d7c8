import Diagnostics
import Documents

/// What makes a schema one that `violations(of:)` can be asked about.
extension Schema {
  mutating func check(_ schema: JSONReader) throws {
    if case .boolean = schema.value { return }
    guard case .object(let members) = schema.value else {
      throw unsupported("a schema is an object or a boolean", at: schema)
    }
    for (member, (name, reader)) in zip(members, try schema.members()) {
      guard SchemaKeyword.all.contains(name) else {
        throw unsupported(
          "the keyword \"\(printable(name))\" is not checked by anything", at: reader)
      }
      try checkKeyword(member.name, reader, isRoot: schema.pointer.isEmpty)
    }
  }

  private mutating func checkKeyword(_ name: String, _ value: JSONReader, isRoot: Bool) throws {
    if name == "$defs", !isRoot {
      throw unsupported("\"$defs\" is understood at the root only", at: value)
    }
    if SchemaKeyword.schemas.contains(name) {
      try check(value)
    } else if SchemaKeyword.schemaLists.contains(name) {
      guard try !value.elements().isEmpty else { throw unsupported("the list is empty", at: value) }
      for element in try value.elements() { try check(element) }
    } else if SchemaKeyword.schemaObjects.contains(name) {
      for (property, schema) in try value.members() {
        if name == "patternProperties" { try checkPattern(property, at: schema) }
        try check(schema)
      }
    } else if SchemaKeyword.assertions.contains(name) {
      try checkAssertion(name, value)
    } else if name == "$schema", try value.string() != Schema.draft {
      throw unsupported("only \(Schema.draft) is understood", at: value)
    }
  }

  private static let draft = "https://json-schema.org/draft/2020-12/schema"
  private static let types: Set<String> = [
    "null", "boolean", "integer", "number", "string", "array", "object",
  ]

  private mutating func checkAssertion(_ name: String, _ value: JSONReader) throws {
    switch name {
    case "$ref":
      guard definition(try value.string()) != nil else {
        throw unsupported("there is no definition \"\(printable(try value.string()))\"", at: value)
      }
    case "type":
      for type in Schema.typeNames(in: value.value) where !Schema.types.contains(type) {
        throw unsupported("\"\(printable(type))\" is no type", at: value)
      }
      guard !Schema.typeNames(in: value.value).isEmpty else {
        throw unsupported("a type's name or a list of them is expected", at: value)
      }
    case "enum": _ = try value.elements()
    case "const": break
    case "required": for element in try value.elements() { _ = try element.string() }
    case "pattern": try checkPattern(try value.string(), at: value)
    case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum": _ = try value.number()
    case "uniqueItems": _ = try value.boolean()
    default: _ = try value.integer()
    }
  }

  private mutating func checkPattern(_ pattern: String, at place: JSONReader) throws {
    guard let made = Pattern(pattern) else {
      throw unsupported("\"\(printable(pattern))\" is no regular expression", at: place)
    }
    patterns[pattern] = made
  }

  /// A schema that refers to itself without going deeper into the instance says nothing and would
  /// be asked for ever.
  func checkThatReferencesEnd() throws {
    guard case .object(let definitions)? = root["$defs"] else { return }
    for definition in definitions {
      var pending = [definition.value]
      var seen: Set<String> = []
      while let schema = pending.popLast() {
        for reference in Schema.inPlaceReferences(of: schema) {
          guard reference != "#/$defs/\(definition.name)" else {
            throw Fault(
              .unsupportedSchema, "the definition refers to itself",
              at: .init(pointer: "/$defs/\(escapedStep(definition.name))"))
          }
          if seen.insert(reference).inserted, let next = self.definition(reference) {
            pending.append(next)
          }
        }
      }
    }
  }

  private static func inPlaceReferences(of schema: JSONValue) -> [String] {
    guard case .object(let members) = schema else { return [] }
    return members.flatMap { member -> [String] in
      switch member.value {
      case .string(let reference) where member.name == "$ref": [reference]
      case .array(let schemas) where SchemaKeyword.inPlace.contains(member.name):
        schemas.flatMap(inPlaceReferences)
      case let schema where member.name == "not": inPlaceReferences(of: schema)
      default: []
      }
    }
  }

  static func typeNames(in value: JSONValue) -> [String] {
    let values = if case .array(let values) = value { values } else { [value] }
    return values.compactMap { if case .string(let name) = $0 { name } else { nil } }
  }

  private func unsupported(_ reason: String, at place: JSONReader) -> Fault {
    Fault(.unsupportedSchema, reason, at: .init(pointer: place.pointer))
  }
}
