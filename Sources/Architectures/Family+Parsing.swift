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
    let layout = try reader.optionalMember("layout")
    guard layout != nil || order == nil else {
      throw reader.fault("an order needs a layout with its axis")
    }
    self = try located(in: .init(pointer: reader.pointer)) {
      TensorRule(
        name: try NamePattern(reader.member("name").string()),
        role: try RolePattern(reader.member("role").word(1...200)),
        shape: try reader.member("shape").elements().map { try ShapeExpression($0.string()) },
        layout: try layout.map {
          try StoredLayout($0.string(), order: order.map { (orderAxis ?? "", $0) })
        },
        isOptional: try reader.optionalMember("optional")?.boolean() ?? false,
        neutral: try reader.optionalMember("neutral").map { try $0.choice() },
        derivation: try reader.optionalMember("derived").map { try $0.choice() },
        prefixRows: try reader.optionalMember("prefixRows")?.elements().map {
          Role(try $0.word(1...200))
        } ?? [],
        conditions: try reader.optionalMember("when")?.dictionary { try $0.words() } ?? [:],
        ranges: Dictionary(
          try reader.optionalMember("range")?.members().map(Family.equation) ?? []
        ) { first, _ in first },
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
    let multiples = try document.optionalMember("multiples")?.members().map { member in
      (try Family.symbol(member), try member.reader.integer(in: 2...1 << 20))
    }
    self.multiples = Dictionary(multiples ?? []) { first, _ in first }
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
      if let stranger = rule.ranges.keys.first(where: { !rule.name.indices.contains($0) }) {
        throw fault("{\(stranger)} is no index of \(name)", nil)
      }
      if let option = unknownOption(in: rule.conditions) {
        throw fault("\(printable(option)) is no option with these values", nil)
      }
    }
    for (number, entry) in drops.enumerated() {
      guard forms.updateValue([], forKey: entry.name.description) == nil else {
        throw Fault(
          .invalidFamily, "\(entry.name) has a rule already",
          at: .init(pointer: "/drops/\(number)"))
      }
    }
    let fixed = geometry.fixed.map { ("/fixed/\($0.symbol)", $0.conditions) }
    let refused = geometry.refusals.enumerated().map { ("/refuses/\($0)", $1.conditions) }
    for (pointer, conditions) in fixed + refused {
      guard let option = unknownOption(in: conditions) else { continue }
      throw Fault(
        .invalidFamily, "\(printable(option)) is no option with these values",
        at: .init(pointer: pointer))
    }
  }

  /// The first option of a condition that the family does not have, or not with these values.
  private func unknownOption(in conditions: [String: [String]]) -> String? {
    conditions.keys.sorted().first { name in
      let known = options.first { $0.name == name }?.values ?? []
      return !(conditions[name] ?? []).allSatisfy(known.contains)
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
    let name = try symbol(member)
    return try located(in: .init(pointer: member.reader.pointer)) {
      (name, try ShapeExpression(member.reader.string()))
    }
  }

  /// The name of a member that is a symbol.
  static func symbol(_ member: (name: String, reader: JSONReader)) throws -> String {
    guard isSymbol(member.name) else {
      throw member.reader.fault("\"\(printable(member.name))\" is no symbol")
    }
    return member.name
  }

  static func fixed(_ member: (name: String, reader: JSONReader)) throws -> Fixed {
    let range = 1...1 << 20
    let symbol = try symbol(member)
    guard case .object = member.reader.value else {
      return Fixed(
        symbol: symbol, value: try member.reader.integer(in: range), conditions: [:])
    }
    try member.reader.allowOnlyStated(["value", "when"])
    return Fixed(
      symbol: symbol, value: try member.reader.member("value").integer(in: range),
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
    let isName = { (byte: UInt8) in (0x61...0x7A).contains(byte) || byte == 0x5F }
    guard (1...40).contains(member.name.utf8.count),
      member.name.utf8.allSatisfy({
        isName($0) || (0x30...0x39).contains($0)
      }), member.name.utf8.first.map(isName) == true
    else {
      throw member.reader.fault(
        "\"\(printable(member.name))\" cannot be the name of an option",
        remedy: "use 1 to 40 lower-case letters, digits and underscores, no digit first")
    }
    return (member.name, try member.reader.words())
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
    let words = try elements().map { try $0.word(1...40) }
    guard !words.isEmpty else { throw fault("the list is empty") }
    return words
  }
}
