import Diagnostics

/// One value of a pickle. Containers and objects lie in a ``PickleGraph`` and are referred to by
/// their place in it: a value may be as deep as it likes without anything here recursing over it.
enum PickleValue: Sendable, Hashable {
  case none
  case boolean(Bool)
  case integer(Int)
  /// An integer of more than 64 bits.
  case largeInteger(PickleSlice)
  case real
  case text(PickleSlice)
  case global(PickleGlobal)
  case node(Int)

  /// What the value is, for messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .boolean: "a boolean"
    case .integer, .largeInteger: "an integer"
    case .real: "a float"
    case .text: "a string"
    case .global(let global): global.name
    case .node: "an object"
    }
  }
}

struct PickleNode: Sendable {
  enum Kind: Sendable, Hashable {
    case tuple
    case list
    case dictionary
    /// What a call of a global would give.
    case object(PickleGlobal)
    case persistent
  }

  let kind: Kind
  /// Elements, or keys and values in turn.
  var items: [PickleValue] = []
  /// What an object is made from, or a persistent id.
  var arguments: PickleValue = .none
  var state: PickleValue = .none
}

/// What a pickle says, as inert data.
struct PickleGraph: Sendable {
  private(set) var nodes: [PickleNode] = []
  var root: PickleValue = .none
  /// For reading texts out of the file.
  let source: PickleCursor

  /// The one empty tuple that every pickle needs again and again.
  static let emptyTuple = PickleValue.node(0)

  init(source: PickleCursor) {
    self.source = source
    nodes.append(PickleNode(kind: .tuple))
  }

  mutating func add(_ node: PickleNode) -> PickleValue {
    nodes.append(node)
    return .node(nodes.count - 1)
  }

  mutating func append(_ items: some Sequence<PickleValue>, to index: Int) {
    nodes[index].items.append(contentsOf: items)
  }

  mutating func setState(_ state: PickleValue, of index: Int) { nodes[index].state = state }

  func node(_ value: PickleValue) -> PickleNode? {
    if case .node(let index) = value { nodes[index] } else { nil }
  }

  /// What a value is, for messages.
  func kind(of value: PickleValue) -> String {
    switch node(value)?.kind {
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .object(let global): global.name
    case .persistent: "a storage"
    case nil: value.kind
    }
  }

  func tuple(_ value: PickleValue) -> [PickleValue]? {
    guard let node = node(value), node.kind == .tuple else { return nil }
    return node.items
  }

  /// The text of a value, or nil when it is none.
  ///
  /// - Throws: `pickle-text` when it is not UTF-8, `pickle-limit` when it is too long for a name.
  func text(_ value: PickleValue, limit: Int) throws -> String? {
    guard case .text(let slice) = value else { return nil }
    let place = Fault.Place(byteOffset: UInt64(slice.offset))
    guard slice.byteCount <= limit else {
      throw Fault(
        .pickleLimit, "a name is \(slice.byteCount) bytes long, more than the \(limit) allowed",
        at: place)
    }
    guard let text = String(validating: try source.bytes(of: slice), as: UTF8.self) else {
      throw Fault(.pickleText, "a name is not UTF-8", at: place)
    }
    return text
  }
}
