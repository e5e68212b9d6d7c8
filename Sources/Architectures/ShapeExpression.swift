import Diagnostics

/// An extent written in a family's hyper-parameters: `hidden`, `3*hidden`,
/// `(2*gridHeight-1)*(2*gridWidth-1)+3`.
///
/// Whole numbers, symbols, `+ - * ^`, `//` for division without remainder, and parentheses. A symbol
/// may be one of a list, `heads[stage]`, with a running index in the brackets. Every expression of a
/// family grows with each of its symbols, which lets ``solved(for:equals:given:at:)`` find one
/// unknown by bisection.
package struct ShapeExpression: Sendable, Hashable, CustomStringConvertible {
  package let description: String
  private let root: Node

  indirect enum Node: Sendable, Hashable {
    case number(Int)
    case symbol(String)
    /// One of a list of symbols: `heads[stage]` is the symbol `heads[2]` where stage is 2.
    case element(String, Node)
    case operation(Operator, Node, Node)
  }

  enum Operator: Character, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case power = "^"
  }

  /// - Throws: `invalid-family` when the text is no expression.
  package init(_ text: String) throws {
    guard text.utf8.count <= 200 else {
      throw Fault(.invalidFamily, "\"\(printable(text, limit: 40))\" is too long for an extent")
    }
    var parser = ShapeExpressionParser(text)
    root = try parser.parse()
    description = text
  }

  /// Every name in the expression: symbols, lists of symbols and running indices alike.
  package var names: Set<String> {
    var names: Set<String> = []
    ShapeExpression.collectNames(of: root, into: &names)
    return names
  }

  /// The symbols that the expression depends on at `indices`, those of lists with their number:
  /// `heads[2]`.
  package func symbols(at indices: Indices = [:]) -> Set<String> {
    var symbols: Set<String> = []
    ShapeExpression.collectSymbols(of: root, at: indices, into: &symbols)
    return symbols
  }

  /// The one symbol that the expression is, such as `depth` or, at a stage, `depth[2]`.
  package func symbol(at indices: Indices = [:]) -> String? {
    switch root {
    case .symbol(let name): indices[name] == nil ? name : nil
    case .element(let name, let index): ShapeExpression.element(name, index, [:], indices)
    default: nil
    }
  }

  /// The expression's value, or nil when a symbol has no value or the arithmetic leaves whole
  /// numbers of 64 bits.
  package func value(given values: [String: Int], at indices: Indices = [:]) -> Int? {
    ShapeExpression.value(of: root, values, indices)
  }

  /// The value of `symbol` that makes the expression equal `target`, or nil when there is none.
  package func solved(
    for symbol: String, equals target: Int, given values: [String: Int], at indices: Indices = [:]
  ) -> Int? {
    var values = values
    var low = 1
    var high = 1 << 24
    while low < high {
      let middle = (low + high) / 2
      values[symbol] = middle
      // A value too large for 64 bits is larger than any extent.
      if let value = value(given: values, at: indices), value < target {
        low = middle + 1
      } else {
        high = middle
      }
    }
    values[symbol] = low
    return value(given: values, at: indices) == target ? low : nil
  }

  /// The expression with `other` in the place of every `symbol`.
  package func replacing(_ symbol: String, with other: ShapeExpression) -> ShapeExpression {
    ShapeExpression(
      root: ShapeExpression.replacing(symbol, with: other.root, in: root),
      description: description)
  }

  /// The number of the list's element `name[index]`, or nil when the index has no value.
  private static func element(
    _ name: String, _ index: Node, _ values: [String: Int], _ indices: Indices
  ) -> String? {
    value(of: index, values, indices).map { "\(name)[\($0)]" }
  }

  private init(root: Node, description: String) {
    self.root = root
    self.description = description
  }

  private static func replacing(_ symbol: String, with other: Node, in node: Node) -> Node {
    switch node {
    case .number: node
    case .symbol(let name): name == symbol ? other : node
    case .element: node
    case .operation(let operation, let left, let right):
      .operation(
        operation, replacing(symbol, with: other, in: left),
        replacing(symbol, with: other, in: right))
    }
  }

  private static func collectNames(of node: Node, into names: inout Set<String>) {
    switch node {
    case .number: break
    case .symbol(let name): names.insert(name)
    case .element(let name, let index):
      names.insert(name)
      collectNames(of: index, into: &names)
    case .operation(_, let left, let right):
      collectNames(of: left, into: &names)
      collectNames(of: right, into: &names)
    }
  }

  private static func collectSymbols(
    of node: Node, at indices: Indices, into symbols: inout Set<String>
  ) {
    switch node {
    case .number: break
    case .symbol(let name): if indices[name] == nil { symbols.insert(name) }
    case .element(let name, let index):
      symbols.insert(element(name, index, [:], indices) ?? name)
    case .operation(_, let left, let right):
      collectSymbols(of: left, at: indices, into: &symbols)
      collectSymbols(of: right, at: indices, into: &symbols)
    }
  }

  private static func value(
    of node: Node, _ values: [String: Int], _ indices: Indices
  ) -> Int? {
    switch node {
    case .number(let number): return number
    case .symbol(let name): return indices[name] ?? values[name]
    case .element(let name, let index):
      return element(name, index, values, indices).flatMap { values[$0] }
    case .operation(let operation, let left, let right):
      guard let left = value(of: left, values, indices),
        let right = value(of: right, values, indices)
      else { return nil }
      return apply(operation, left, right)
    }
  }

  private static func apply(_ operation: Operator, _ left: Int, _ right: Int) -> Int? {
    let (result, overflow): (Int, Bool)
    switch operation {
    case .add: (result, overflow) = left.addingReportingOverflow(right)
    case .subtract: (result, overflow) = left.subtractingReportingOverflow(right)
    case .multiply: (result, overflow) = left.multipliedReportingOverflow(by: right)
    case .divide:
      guard right > 0, left.isMultiple(of: right) else { return nil }
      (result, overflow) = (left / right, false)
    case .power:
      guard (0...8).contains(right) else { return nil }
      var product: Int? = 1
      for _ in 0..<right { product = product.flatMap { apply(.multiply, $0, left) } }
      return product
    }
    return overflow ? nil : result
  }
}

/// Recursive descent, one function a level of precedence.
private struct ShapeExpressionParser {
  private let text: String
  private var rest: Substring
  private var depth = 0

  init(_ text: String) {
    self.text = text
    rest = text[...]
  }

  mutating func parse() throws -> ShapeExpression.Node {
    let node = try sum()
    skipSpaces()
    guard rest.isEmpty else { throw fault("unexpected \"\(rest)\"") }
    return node
  }

  private mutating func sum() throws -> ShapeExpression.Node {
    var node = try product()
    while let sign = next(where: { $0 == "+" || $0 == "-" }) {
      node = .operation(sign == "+" ? .add : .subtract, node, try product())
    }
    return node
  }

  private mutating func product() throws -> ShapeExpression.Node {
    var node = try power()
    while let sign = next(where: { $0 == "*" || $0 == "/" }) {
      if sign == "/", next(where: { $0 == "/" }) == nil { throw fault("division is written //") }
      node = .operation(sign == "*" ? .multiply : .divide, node, try power())
    }
    return node
  }

  private mutating func power() throws -> ShapeExpression.Node {
    let base = try atom()
    return next(where: { $0 == "^" }) == nil ? base : .operation(.power, base, try atom())
  }

  private mutating func atom() throws -> ShapeExpression.Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 32 else { throw fault("too many parentheses") }
    if next(where: { $0 == "(" }) != nil {
      let node = try sum()
      guard next(where: { $0 == ")" }) != nil else { throw fault("a ) is missing") }
      return node
    }
    let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
    rest = rest.dropFirst(word.count)
    if let number = Int(word) { return .number(number) }
    guard word.first?.isLetter == true else { throw fault("a number or a symbol is missing") }
    guard next(where: { $0 == "[" }) != nil else { return .symbol(String(word)) }
    let index = try sum()
    guard next(where: { $0 == "]" }) != nil else { throw fault("a ] is missing") }
    return .element(String(word), index)
  }

  private mutating func skipSpaces() { rest = rest.drop { $0 == " " } }

  private mutating func next(where isWanted: (Character) -> Bool) -> Character? {
    skipSpaces()
    guard let first = rest.first, isWanted(first) else { return nil }
    rest = rest.dropFirst()
    skipSpaces()
    return first
  }

  private func fault(_ reason: String) -> Fault {
    Fault(.invalidFamily, "\"\(printable(text))\" is no extent: \(reason)")
  }
}

/// The values of a name's running indices: `["stage": 2, "block": 0]`.
package typealias Indices = [String: Int]

extension Fault.Code {
  package static let invalidFamily = Fault.Code("invalid-family", exit: .invalidData)
}
