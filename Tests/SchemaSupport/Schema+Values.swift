import Documents

/// The assertions about a value by itself.
extension Schema {
  /// What is wrong with the instance; nil when nothing is or the keyword is not about such values.
  func complaint(about instance: JSONValue, _ keyword: JSONValue.Member) -> String? {
    switch (keyword.name, keyword.value, instance) {
    case ("type", let type, _):
      let names = Schema.typeNames(in: type)
      return names.contains { Schema.isInstance(instance, of: $0) }
        ? nil : "not of type \(names.joined(separator: " or "))"
    case ("const", let value, _): return Schema.areSame(value, instance) ? nil : "not the one value"
    case ("enum", .array(let values), _):
      return values.contains { Schema.areSame($0, instance) } ? nil : "not one of the values"
    case ("pattern", .string(let pattern), .string(let text)):
      return patterns[pattern]?.matches(text) == true
        ? nil : "\"\(text)\" does not match \(pattern)"
    case ("minLength", .integer(let bound), .string(let text)):
      return text.unicodeScalars.count < bound ? "shorter than \(bound)" : nil
    case ("maxLength", .integer(let bound), .string(let text)):
      return text.unicodeScalars.count > bound ? "longer than \(bound)" : nil
    default: return numericComplaint(about: instance, keyword)
    }
  }

  private func numericComplaint(
    about instance: JSONValue, _ keyword: JSONValue.Member
  ) -> String? {
    guard let order = Schema.order(instance, keyword.value) else { return nil }
    let broken =
      switch keyword.name {
      case "minimum": order < 0
      case "maximum": order > 0
      case "exclusiveMinimum": order <= 0
      case "exclusiveMaximum": order >= 0
      default: false
      }
    return broken ? "breaks the bound \(keyword.value.text(.compact))" : nil
  }

  private static func isInstance(_ value: JSONValue, of type: String) -> Bool {
    switch (value, type) {
    case (.null, "null"), (.boolean, "boolean"), (.integer, "integer"), (.integer, "number"),
      (.number, "number"), (.string, "string"), (.array, "array"), (.object, "object"):
      true
    case (.number(let number), "integer"): number == number.rounded()
    default: false
    }
  }

  /// −1, 0 or 1 as the left number is less, equal or greater; nil unless both are numbers.
  private static func order(_ left: JSONValue, _ right: JSONValue) -> Int? {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): (left > right ? 1 : 0) - (left < right ? 1 : 0)
    default:
      if let left = double(left), let right = double(right) {
        (left > right ? 1 : 0) - (left < right ? 1 : 0)
      } else {
        nil
      }
    }
  }

  private static func double(_ value: JSONValue) -> Double? {
    switch value {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }

  /// Equality as JSON Schema means it: 1 is 1.0, and the order of members does not count.
  static func areSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
    switch (left, right) {
    case (.array(let left), .array(let right)):
      left.count == right.count && zip(left, right).allSatisfy(areSame)
    case (.object(let left), .object(let right)):
      left.count == right.count
        && left.allSatisfy { member in
          right.contains { $0.name == member.name && areSame($0.value, member.value) }
        }
    case (.string(let left), .string(let right)):
      // Code point by code point: Swift's `==` takes a letter and its accent for one with it.
      left.utf8.elementsEqual(right.utf8)
    default: order(left, right).map { $0 == 0 } ?? (left == right)
    }
  }
}
