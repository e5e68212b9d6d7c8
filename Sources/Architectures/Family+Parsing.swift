import Diagnostics
import Documents

extension TensorRule {
  init(_ reader: JSONReader) throws {
    try reader.allowOnlyStated([
      "name", "role", "shape", "optional", "neutral", "derived", "layout", "order", "orderAxis",
      "prefixRows", "when", "range", "transposed",
    ])
    let order = try reader.optionalMember("order")?.elements().map { try $0.integer(in: 0...7) }
    let orderAxis = try reader.optionalMember("orderAxis")?.string()
    guard (order == nil) == (orderAxis == nil) else {
      throw reader.fault("order and orderAxis go together")
    }
    self = try located(in: .init(pointer: reader.pointer)) {
      TensorRule(
        name: try NamePattern(reader.member("name").string()),
        role: RolePattern(try reader.member("role").word(1...200)),
        shape: try reader.member("shape").elements().map { try ShapeExpression($0.string()) },
        layout: try reader.optionalMember("layout").map {
          try StoredLayout($0.string(), order: order.map { (orderAxis ?? "", $0) })
        },
        isOptional: try reader.optionalMember("optional")?.boolean() ?? false,
        neutral: try reader.optionalMember("neutral").map { try $0.choice() },
        derivation: try reader.optionalMember("derived").map { try $0.choice() },
        prefixRows: try reader.optionalMember("prefixRows")?.elements().map {
          Role(try $0.word(1...200))
        } ?? [],
        conditions: try reader.optionalMember("when")?.dictionary { try $0.words() } ?? [:],
        ranges: try reader.optionalMember("range")?.dictionary {
          try ShapeExpression($0.string())
        } ?? [:],
        isTransposed: try reader.optionalMember("transposed")?.boolean() ?? false)
    }
  }
}

extension DropEntry {
  init(_ reader: JSONReader) throws {
    try reader.allowOnlyStated(["name", "rule"])
    let ruleID = try reader.member("rule").string()
    guard let rule = DropRule(id: ruleID) else {
      throw try reader.member("rule").fault(
        "\"\(printable(ruleID))\" is no rule",
        remedy: "known rules: \(DropRule.all.map(\.id).joined(separator: ", "))")
    }
    self = try located(in: .init(pointer: reader.pointer)) {
      DropEntry(name: try NamePattern(reader.member("name").string()), rule: rule)
    }
  }
}

extension Family.GeometryRules {
  init(_ document: JSONReader) throws {
    defaults = try document.optionalMember("defaults")?.members().map(Family.equation) ?? []
    fixed = try document.optionalMember("fixed")?.members().map(Family.fixed) ?? []
    multiples =
      try document.optionalMember("multiples")?.dictionary { try $0.integer(in: 2...1 << 20) }
      ?? [:]
    depthAxis = try document.optionalMember("depthAxis")?.integer(in: 0...2)
    refusals = try document.optionalMember("refuses")?.elements().map(Family.refusal) ?? []
  }
}

extension Family {
  /// Two rules for one name, or one role for two, would let one tensor hide another.
  func checkRules(_ document: JSONReader) throws {
    guard !tensors.isEmpty else { throw try document.member("tensors").fault("the list is empty") }
    var forms: [String: [TensorRule]] = [:]
    var roles: [String: [TensorRule]] = [:]
    for (number, rule) in tensors.enumerated() {
      let fault = { (reason: String, remedy: String?) in
        Fault(.invalidFamily, reason, at: .init(pointer: "/tensors/\(number)"), remedy: remedy)
      }
      let name = rule.name.description
      guard !(forms[name] ?? []).contains(where: { !$0.excludes(rule) }) else {
        throw fault("\(name) has a rule already", nil)
      }
      forms[name, default: []].append(rule)
      let role = rule.role.description
      guard !(roles[role] ?? []).contains(where: { !$0.excludes(rule) }) else {
        throw fault("\(role) is the role of another rule", nil)
      }
      roles[role, default: []].append(rule)
      guard Set(rule.role.indices) == Set(rule.name.indices), !rule.name.isOpen else {
        throw fault(
          "the name and the role do not have the same indices", "write {index} in both")
      }
      if let unknown = rule.name.indices.first(where: { index in
        !indices.contains { $0.name == index }
      }) {
        throw fault("nothing tells how many values {\(unknown)} has", "list it among the indices")
      }
      for (option, values) in rule.conditions {
        guard let known = options.first(where: { $0.name == option })?.values,
          values.allSatisfy(known.contains)
        else { throw fault("\(printable(option)) is no option with these values", nil) }
      }
    }
    for (number, entry) in drops.enumerated() {
      guard forms.updateValue([], forKey: entry.name.description) == nil else {
        throw Fault(
          .invalidFamily, "\(entry.name) has a rule already",
          at: .init(pointer: "/drops/\(number)"))
      }
    }
  }

  static func component(_ reader: JSONReader) throws -> Component {
    try reader.allowOnlyStated(["family", "prefixes"])
    return Component(
      familyID: try reader.member("family").familyID(),
      prefixes: try reader.member("prefixes").prefixes())
  }

  static func assumption(
    _ reader: JSONReader
  ) throws -> (symbol: String, value: ShapeExpression) {
    try reader.allowOnlyStated(["symbol", "value"])
    let symbol = try reader.member("symbol").string()
    guard isSymbol(symbol) else {
      throw try reader.member("symbol").fault("\"\(printable(symbol))\" is no symbol")
    }
    return try located(in: .init(pointer: reader.pointer)) {
      (symbol, try ShapeExpression(reader.member("value").string()))
    }
  }

  /// A member whose name is a symbol and whose value is an expression.
  static func equation(
    _ member: (name: String, reader: JSONReader)
  ) throws -> (String, ShapeExpression) {
    guard isSymbol(member.name) else {
      throw member.reader.fault("\"\(printable(member.name))\" is no symbol")
    }
    return try located(in: .init(pointer: member.reader.pointer)) {
      (member.name, try ShapeExpression(member.reader.string()))
    }
  }

  static func fixed(_ member: (name: String, reader: JSONReader)) throws -> Fixed {
    let range = 1...1 << 20
    guard case .object = member.reader.value else {
      return Fixed(
        symbol: member.name, value: try member.reader.integer(in: range), conditions: [:])
    }
    try member.reader.allowOnlyStated(["value", "when"])
    return Fixed(
      symbol: member.name, value: try member.reader.member("value").integer(in: range),
      conditions: try member.reader.member("when").dictionary { try $0.words() })
  }

  static func refusal(_ reader: JSONReader) throws -> Refusal {
    try reader.allowOnlyStated(["when", "reason", "remedy"])
    return Refusal(
      conditions: try reader.member("when").dictionary { try $0.words() },
      reason: try reader.member("reason").text(1...200),
      remedy: try reader.optionalMember("remedy")?.text(1...200))
  }

  static func option(
    _ member: (name: String, reader: JSONReader)
  ) throws -> (name: String, values: [String]) {
    let values = try member.reader.elements().map { try $0.word(1...40) }
    guard !values.isEmpty else { throw member.reader.fault("the list is empty") }
    return (member.name, values)
  }

  static func layers(
    _ member: (name: String, reader: JSONReader)
  ) throws -> (Int, [Int]) {
    let depth = try number(member, "number of blocks")
    return (depth, try member.reader.elements().map { try $0.integer(in: 0...depth - 1) })
  }

  static func customaryHeads(_ reader: JSONReader) throws -> [Int: Int] {
    let entries = try reader.members().map { member in
      (try number(member, "width"), try member.reader.integer(in: 1...1 << 12))
    }
    return Dictionary(entries) { first, _ in first }
  }

  private static func number(
    _ member: (name: String, reader: JSONReader), _ what: String
  ) throws -> Int {
    guard let number = Int(member.name), (1...99999).contains(number),
      String(number) == member.name
    else { throw member.reader.fault("\"\(printable(member.name))\" is no \(what)") }
    return number
  }
}

extension TensorRule {
  /// Whether no options let both rules hold.
  fileprivate func excludes(_ other: TensorRule) -> Bool {
    conditions.contains { name, values in
      other.conditions[name].map { Set($0).isDisjoint(with: values) } ?? false
    }
  }
}

extension JSONReader {
  /// One word, or a list of them.
  fileprivate func words() throws -> [String] {
    if case .string = value { return [try word(1...40)] }
    return try elements().map { try $0.word(1...40) }
  }
}
