import Documents

extension Schema {
  func violations(
    of instance: JSONValue, at pointer: String, under schema: JSONValue
  ) -> [Violation] {
    if schema == .boolean(false) {
      return [Violation(pointer: pointer, keyword: "false", reason: "nothing may stand here")]
    }
    guard case .object(let keywords) = schema else { return [] }
    return keywords.flatMap { keyword in
      violations(of: instance, at: pointer, keyword, in: schema)
    }
  }

  private func violations(
    of instance: JSONValue, at pointer: String, _ keyword: JSONValue.Member, in schema: JSONValue
  ) -> [Violation] {
    let one = { (reason: String?) -> [Violation] in
      reason.map { [Violation(pointer: pointer, keyword: keyword.name, reason: $0)] } ?? []
    }
    switch keyword.name {
    case "$ref":
      guard case .string(let reference) = keyword.value, let target = definition(reference) else {
        return one("there is no such definition")
      }
      return violations(of: instance, at: pointer, under: target)
    case "allOf", "anyOf", "oneOf", "not":
      return combined(of: instance, at: pointer, keyword)
    case "properties", "patternProperties", "additionalProperties", "propertyNames", "required",
      "minProperties", "maxProperties":
      guard case .object(let members) = instance else { return [] }
      return inObject(members, at: pointer, keyword, in: schema)
    case "items", "minItems", "maxItems", "uniqueItems":
      guard case .array(let elements) = instance else { return [] }
      return inArray(elements, at: pointer, keyword)
    default:
      return one(complaint(about: instance, keyword))
    }
  }

  private func combined(
    of instance: JSONValue, at pointer: String, _ keyword: JSONValue.Member
  ) -> [Violation] {
    let one = { (reason: String) in
      [Violation(pointer: pointer, keyword: keyword.name, reason: reason)]
    }
    if keyword.name == "not" {
      let broken = violations(of: instance, at: pointer, under: keyword.value)
      return broken.isEmpty ? one("it is what it must not be") : []
    }
    guard case .array(let schemas) = keyword.value else { return [] }
    let results = schemas.map { violations(of: instance, at: pointer, under: $0) }
    let fitting = results.count { $0.isEmpty }
    switch keyword.name {
    case "allOf": return results.flatMap { $0 }
    case "anyOf" where fitting == 0, "oneOf" where fitting == 0:
      return one(
        "no alternative fits: " + results.flatMap { $0 }.map(\.description).joined(separator: "; "))
    case "oneOf" where fitting > 1: return one("\(fitting) alternatives fit")
    default: return []
    }
  }

  private func inArray(
    _ elements: [JSONValue], at pointer: String, _ keyword: JSONValue.Member
  ) -> [Violation] {
    let one = { (broken: Bool) in
      broken
        ? [Violation(pointer: pointer, keyword: keyword.name, reason: "\(elements.count) elements")]
        : []
    }
    switch (keyword.name, keyword.value) {
    case ("items", .boolean(false)): return one(!elements.isEmpty)
    case ("items", let schema):
      return elements.enumerated().flatMap { index, element in
        violations(of: element, at: "\(pointer)/\(index)", under: schema)
      }
    case ("minItems", .integer(let bound)): return one(elements.count < bound)
    case ("maxItems", .integer(let bound)): return one(elements.count > bound)
    case ("uniqueItems", true):
      let hasTwins = elements.indices.contains { index in
        elements[..<index].contains { Schema.areSame($0, elements[index]) }
      }
      return one(hasTwins)
    default: return []
    }
  }

  private func inObject(
    _ members: [JSONValue.Member], at pointer: String, _ keyword: JSONValue.Member,
    in schema: JSONValue
  ) -> [Violation] {
    let one = { (reason: String) in
      Violation(pointer: pointer, keyword: keyword.name, reason: reason)
    }
    let below = { (member: JSONValue.Member, schema: JSONValue) in
      violations(of: member.value, at: "\(pointer)/\(escapedStep(member.name))", under: schema)
    }
    switch (keyword.name, keyword.value) {
    case ("properties", let properties):
      return members.flatMap { member in properties[member.name].map { below(member, $0) } ?? [] }
    case ("patternProperties", .object(let expressions)):
      return expressions.flatMap { pattern in
        members.filter { patterns[pattern.name]?.matches($0.name) == true }
          .flatMap { below($0, pattern.value) }
      }
    case ("additionalProperties", let additional):
      let others = members.filter { !isDescribed($0.name, in: schema) }
      if additional == false, !others.isEmpty {
        return [one("unknown: " + others.map(\.name).joined(separator: ", "))]
      }
      return others.flatMap { below($0, additional) }
    case ("propertyNames", let names):
      return members.flatMap { violations(of: .string($0.name), at: pointer, under: names) }
    case ("required", .array(let names)):
      return names.compactMap { name in
        guard case .string(let name) = name else { return nil }
        return members.contains { $0.name == name } ? nil : one("\(name) is missing")
      }
    case ("minProperties", .integer(let bound)) where members.count < bound,
      ("maxProperties", .integer(let bound)) where members.count > bound:
      return [one("\(members.count) members")]
    default: return []
    }
  }

  /// Whether `properties` or `patternProperties` beside `additionalProperties` speak of a member.
  private func isDescribed(_ name: String, in schema: JSONValue) -> Bool {
    if schema["properties"]?[name] != nil { return true }
    guard case .object(let expressions)? = schema["patternProperties"] else { return false }
    return expressions.contains { patterns[$0.name]?.matches(name) == true }
  }
}
