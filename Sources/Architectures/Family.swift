import Diagnostics
import Documents
import Tensors

/// How a family of models names and shapes its tensors: data, read from `Zoo/Families/*.json` or
/// from a user's own file.
package struct Family: Sendable {
  package let id: String
  package let title: String
  /// 2 for image models, 3 for models of volumes.
  package let dimensions: Int
  /// What may stand before every name.
  package let prefixes: [String]
  package let tensors: [TensorRule]
  /// Tensors that have no place in a segmenter, with the rule that drops them.
  package let drops: [DropEntry]
  package let components: [Component]
  /// `symbol = expression`: taken for true, in order, when shapes leave a symbol open.
  package let assumptions: [(symbol: String, value: ShapeExpression)]
  private let constants: [String: Double]
  private let decoderLayersByDepth: [Int: [Int]]

  /// One line of the description: a name, what it is for, its shape.
  package struct TensorRule: Sendable {
    package let name: NamePattern
    package let role: RolePattern
    package let shape: [ShapeExpression]
    package let isOptional: Bool
    /// What stands for the tensor when a source has none: the value that computes the same.
    package let neutral: Neutral?
    /// Set for a tensor that follows from the geometry alone.
    package let derivation: Derivation?

    package func role(at position: Int?) -> Role { role.role(at: position) }
  }

  package enum Neutral: String, Sendable, CaseIterable {
    case ones
    case zeros
  }

  package enum Derivation: String, Sendable, CaseIterable {
    /// BEiT's table of row numbers, the class token's three rows last.
    case beitRelativePositionIndex = "beit-relative-position-index"
  }

  package struct DropEntry: Sendable {
    package let name: NamePattern
    package let rule: DropRule
  }

  /// A part with a description of its own, such as a decoder.
  package struct Component: Sendable {
    package let familyID: String
    package let prefixes: [String]
  }

  /// A number that the weights do not tell, such as `layerNormEpsilon`.
  package func constant(_ name: String) -> Double? { constants[name] }

  /// The blocks whose outputs the paper's decoders take from an encoder of `depth` blocks.
  package func decoderLayers(depth: Int) -> [Int]? { decoderLayersByDepth[depth] }

  /// - Throws: `invalid-document` or `invalid-family` with a pointer into the description.
  package init(_ document: JSONReader) throws {
    try document.allowOnlyStated([
      "$schema", "formatVersion", "id", "title", "dimensions", "prefixes", "tensors", "drops",
      "components", "assumptions", "constants", "decoderLayers",
    ])
    _ = try document.member("formatVersion").integer(in: 1...1)
    _ = try document.optionalMember("$schema")?.string()
    id = try document.member("id").familyID()
    title = try document.member("title").text(1...200)
    dimensions = try document.member("dimensions").integer(in: 2...3)
    prefixes = try document.optionalMember("prefixes")?.prefixes() ?? [""]
    tensors = try document.member("tensors").elements().map(Family.tensorRule)
    drops = try document.optionalMember("drops")?.elements().map(Family.dropEntry) ?? []
    components = try document.optionalMember("components")?.elements().map(Family.component) ?? []
    assumptions =
      try document.optionalMember("assumptions")?.elements().map(Family.assumption) ?? []
    constants = try document.optionalMember("constants")?.dictionary { try $0.constant() } ?? [:]
    let layers = try document.optionalMember("decoderLayers")?.members().map(Family.layers) ?? []
    decoderLayersByDepth = Dictionary(layers) { first, _ in first }
    try checkThatRulesDiffer(document)
  }

  /// Two rules for one name, or one role for two, would let one tensor hide another.
  private func checkThatRulesDiffer(_ document: JSONReader) throws {
    guard !tensors.isEmpty else { throw try document.member("tensors").fault("the list is empty") }
    var forms: Set<String> = []
    var roles: Set<String> = []
    for (number, rule) in tensors.enumerated() {
      let place = Fault.Place(pointer: "/tensors/\(number)")
      guard forms.insert(rule.name.lookupForm).inserted else {
        throw Fault(.invalidFamily, "\(rule.name) has a rule already", at: place)
      }
      guard roles.insert(rule.role.description).inserted else {
        throw Fault(.invalidFamily, "\(rule.role) is the role of another rule", at: place)
      }
      guard rule.role.hasIndex == (rule.name.index != nil) else {
        throw Fault(
          .invalidFamily, "the name and the role do not have the same index", at: place,
          remedy: "write it as {name<limit} in the name and {name} in the role")
      }
    }
    for (number, entry) in drops.enumerated() where !forms.insert(entry.name.lookupForm).inserted {
      throw Fault(
        .invalidFamily, "\(entry.name) has a rule already", at: .init(pointer: "/drops/\(number)"))
    }
  }
}

extension Family {
  private static func tensorRule(_ reader: JSONReader) throws -> TensorRule {
    try reader.allowOnlyStated(["name", "role", "shape", "optional", "neutral", "derived"])
    return try located(in: .init(pointer: reader.pointer)) {
      let name = try NamePattern(reader.member("name").string())
      return TensorRule(
        name: name,
        role: RolePattern(try reader.member("role").word(1...200), index: name.index?.name),
        shape: try reader.member("shape").elements().map { try ShapeExpression($0.string()) },
        isOptional: try reader.optionalMember("optional")?.boolean() ?? false,
        neutral: try reader.optionalMember("neutral").map { try $0.choice() },
        derivation: try reader.optionalMember("derived").map { try $0.choice() })
    }
  }

  private static func dropEntry(_ reader: JSONReader) throws -> DropEntry {
    try reader.allowOnlyStated(["name", "rule"])
    let ruleID = try reader.member("rule").string()
    guard let rule = DropRule(id: ruleID) else {
      throw try reader.member("rule").fault(
        "\"\(printable(ruleID))\" is no rule",
        remedy: "known rules: \(DropRule.all.map(\.id).joined(separator: ", "))")
    }
    return try located(in: .init(pointer: reader.pointer)) {
      DropEntry(name: try NamePattern(reader.member("name").string()), rule: rule)
    }
  }

  private static func component(_ reader: JSONReader) throws -> Component {
    try reader.allowOnlyStated(["family", "prefixes"])
    return Component(
      familyID: try reader.member("family").familyID(),
      prefixes: try reader.member("prefixes").prefixes())
  }

  private static func assumption(
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

  private static func layers(
    _ member: (name: String, reader: JSONReader)
  ) throws -> (Int, [Int]) {
    guard let depth = Int(member.name), (1...9999).contains(depth), String(depth) == member.name
    else {
      throw member.reader.fault("\"\(printable(member.name))\" is no number of blocks")
    }
    return (depth, try member.reader.elements().map { try $0.integer(in: 0...depth - 1) })
  }
}
