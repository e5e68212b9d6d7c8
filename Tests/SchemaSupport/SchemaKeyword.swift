/// What a member of a schema object means here.
enum SchemaKeyword {
  /// Says nothing about whether an instance is valid.
  static let annotations: Set<String> = [
    "$schema", "$id", "$comment", "title", "description", "examples", "default", "deprecated",
  ]

  /// Their value is one schema.
  static let schemas: Set<String> = ["items", "additionalProperties", "propertyNames", "not"]

  /// Their value is a list of schemas.
  static let schemaLists: Set<String> = ["allOf", "anyOf", "oneOf"]

  /// Their value is an object of schemas.
  static let schemaObjects: Set<String> = ["properties", "patternProperties", "$defs"]

  static let assertions: Set<String> = [
    "$ref", "type", "enum", "const", "required", "pattern", "minLength", "maxLength", "minimum",
    "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems", "uniqueItems",
    "minProperties", "maxProperties",
  ]

  /// They apply a schema to the very instance they stand beside.
  static let inPlace: Set<String> = ["allOf", "anyOf", "oneOf", "not"]

  static let all = annotations.union(schemas).union(schemaLists).union(schemaObjects)
    .union(assertions)
}
