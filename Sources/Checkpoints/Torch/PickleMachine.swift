import Diagnostics

/// Reads a pickle of protocol 2 into a ``PickleGraph``.
///
/// Python's own machine imports and calls what a pickle names. This one keeps names and calls as
/// data, takes only names from a list, and knows only the opcodes that data need.
struct PickleMachine {
  private(set) var cursor: PickleCursor
  let limits: TorchLimits
  private(set) var graph: PickleGraph
  private var stack: [PickleValue] = []
  /// Where on the stack the marks lie.
  private var marks: [Int] = []
  private var memo: [PickleValue?] = []
  private var elementCount = 0

  /// Reads one pickle, from the cursor's place to behind its STOP.
  ///
  /// - Throws: one of the `pickle-` codes or `forbidden-pickle-global`, with the opcode and its
  ///   byte offset.
  static func read(_ cursor: inout PickleCursor, limits: TorchLimits) throws -> PickleGraph {
    var machine = PickleMachine(cursor: cursor, limits: limits)
    try machine.readProtocol()
    while try machine.step() {}
    cursor = machine.cursor
    try machine.graph.checkNesting(limit: limits.nestingDepth)
    return machine.graph
  }

  private init(cursor: PickleCursor, limits: TorchLimits) {
    self.cursor = cursor
    self.limits = limits
    graph = PickleGraph(source: cursor)
  }

  private mutating func readProtocol() throws {
    cursor.begin("the pickle", at: cursor.offset)
    let remedy = "load it in Python and save it again with torch.save and no pickle_protocol"
    guard try cursor.byte() == PickleOpcode.proto.rawValue else {
      throw cursor.fault(
        .pickleProtocol, "it does not begin with PROTO, as pickles of protocols 0 and 1 do not",
        remedy: remedy)
    }
    let version = try cursor.byte()
    guard version == 2 else {
      throw cursor.fault(
        .pickleProtocol, "protocol \(version); torch.save writes protocol 2", remedy: remedy)
    }
  }

  /// Does what the next opcode says, and says whether another one follows.
  private mutating func step() throws -> Bool {
    let start = cursor.offset
    cursor.begin("the pickle", at: start)
    let byte = try cursor.byte()
    guard let opcode = PickleOpcode(rawValue: byte) else { throw try refusal(of: byte) }
    cursor.begin(opcode.name, at: start)
    switch opcode {
    case .stop:
      graph.root = try pop()
      guard stack.isEmpty, marks.isEmpty else {
        throw cursor.fault(.pickleStack, "\(stack.count) values are left on the stack")
      }
      return false
    case .proto: throw cursor.fault(.pickleProtocol, "within a pickle")
    case .mark: try pushMark()
    case .none, .newTrue, .newFalse, .binint, .binint1, .binint2, .long1, .binfloat, .binunicode,
      .binstring, .shortBinstring:
      try push(constant(opcode))
    case .emptyTuple, .tuple, .tuple1, .tuple2, .tuple3, .emptyList, .emptyDict:
      try push(container(opcode))
    case .append, .appends, .setitem, .setitems: try fill(opcode)
    case .binput, .longBinput, .binget, .longBinget: try useMemo(opcode)
    case .global, .reduce, .newobj, .build, .binpersid: try useObject(opcode)
    }
    return true
  }

  /// What to say of an opcode that is not followed, with the name that it would import.
  private mutating func refusal(of byte: UInt8) throws -> Fault {
    guard let name = PickleOpcode.refusedNames[byte] else {
      return cursor.fault(.pickleOpcode, "there is no opcode 0x\(String(byte, radix: 16))")
    }
    cursor.begin(name, at: cursor.subjectOffset)
    var imported: String?
    if byte == PickleOpcode.inst {
      let module = try cursor.line(limit: limits.nameByteCount)
      imported = "\(module).\(try cursor.line(limit: limits.nameByteCount))"
    } else if byte == PickleOpcode.stackGlobal, stack.count >= 2,
      let module = try graph.text(stack[stack.count - 2], limit: limits.nameByteCount),
      let name = try graph.text(stack[stack.count - 1], limit: limits.nameByteCount)
    {
      imported = "\(module).\(name)"
    }
    if let imported, PickleGlobal(imported) == nil {
      return PickleRefusal.fault(ofGlobal: imported, at: cursor)
    }
    return cursor.fault(
      .pickleOpcode, "an opcode that state dicts of protocol 2 do not need",
      remedy: PickleCursor.remedy)
  }
}

// MARK: - The stack

extension PickleMachine {
  private mutating func push(_ value: PickleValue) throws {
    guard stack.count < limits.stackCount else {
      throw cursor.fault(
        .pickleLimit, "more than \(limits.stackCount) values on the stack",
        remedy: PickleCursor.remedy)
    }
    stack.append(value)
  }

  private mutating func pushMark() throws {
    guard marks.count < limits.stackCount else {
      throw cursor.fault(.pickleLimit, "more than \(limits.stackCount) marks")
    }
    marks.append(stack.count)
  }

  /// Values below the last mark are out of reach until that is taken.
  private mutating func pop() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw cursor.fault(.pickleStack, "there is no value on the stack")
    }
    return value
  }

  private mutating func pop(_ count: Int) throws -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw cursor.fault(.pickleStack, "there are fewer than \(count) values on the stack")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else {
      throw cursor.fault(.pickleStack, "there is no mark on the stack")
    }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  /// The node on top of the stack, which stays there.
  private func topNode() throws -> Int {
    guard stack.count > marks.last ?? 0, let value = stack.last else {
      throw cursor.fault(.pickleStack, "there is no value on the stack")
    }
    guard case .node(let index) = value else {
      throw cursor.fault(.pickleType, "does not work on \(value.kind)")
    }
    return index
  }

  private mutating func add(_ node: PickleNode) throws -> PickleValue {
    guard graph.nodes.count < limits.nodeCount else {
      throw cursor.fault(
        .pickleLimit, "more than \(limits.nodeCount) containers and objects",
        remedy: PickleCursor.remedy)
    }
    try countElements(node.items.count)
    return graph.add(node)
  }

  private mutating func countElements(_ count: Int) throws {
    elementCount += count
    guard elementCount <= limits.elementCount else {
      throw cursor.fault(
        .pickleLimit, "more than \(limits.elementCount) values in containers",
        remedy: PickleCursor.remedy)
    }
  }
}

// MARK: - Values

extension PickleMachine {
  private mutating func constant(_ opcode: PickleOpcode) throws -> PickleValue {
    switch opcode {
    case .newTrue: return .boolean(true)
    case .newFalse: return .boolean(false)
    case .binint: return .integer(Int(try cursor.number(Int32.self)))
    case .binint1: return .integer(Int(try cursor.byte()))
    case .binint2: return .integer(Int(try cursor.number(UInt16.self)))
    case .long1: return try long()
    case .binfloat:
      _ = try cursor.number(UInt64.self)
      return .real
    case .binunicode: return .text(try text(byteCount: Int(cursor.number(UInt32.self))))
    case .binstring:
      let count = try cursor.number(Int32.self)
      guard count >= 0 else { throw cursor.fault(.pickleText, "a string of \(count) bytes") }
      return .text(try text(byteCount: Int(count)))
    case .shortBinstring: return .text(try text(byteCount: Int(cursor.byte())))
    default: return .none
    }
  }

  /// Whether it is UTF-8 is asked only of texts that are names.
  private mutating func text(byteCount: Int) throws -> PickleSlice {
    guard byteCount <= min(limits.pickleByteCount, Int(Int32.max)) else {
      throw cursor.fault(.pickleLimit, "a string of \(byteCount) bytes")
    }
    return try cursor.slice(byteCount)
  }

  /// Two's complement of any length.
  private mutating func long() throws -> PickleValue {
    let slice = try cursor.slice(Int(cursor.byte()))
    let bytes = try cursor.bytes(of: slice)
    guard bytes.count <= 8 else { return .largeInteger(slice) }
    let isNegative = bytes.last.map { $0 >= 0x80 } ?? false
    var number = isNegative ? -1 : 0
    for byte in bytes.reversed() { number = number << 8 | Int(byte) }
    return .integer(number)
  }

  private mutating func container(_ opcode: PickleOpcode) throws -> PickleValue {
    switch opcode {
    case .tuple: try add(PickleNode(kind: .tuple, items: popToMark()))
    case .tuple1: try add(PickleNode(kind: .tuple, items: pop(1)))
    case .tuple2: try add(PickleNode(kind: .tuple, items: pop(2)))
    case .tuple3: try add(PickleNode(kind: .tuple, items: pop(3)))
    case .emptyList: try add(PickleNode(kind: .list))
    case .emptyDict: try add(PickleNode(kind: .dictionary))
    default: PickleGraph.emptyTuple
    }
  }

  private mutating func fill(_ opcode: PickleOpcode) throws {
    let items =
      switch opcode {
      case .append: try pop(1)
      case .setitem: try pop(2)
      default: try popToMark()
      }
    let index = try topNode()
    let kind = graph.nodes[index].kind
    if opcode == .append || opcode == .appends {
      guard kind == .list else {
        throw cursor.fault(.pickleType, "does not work on \(graph.kind(of: .node(index)))")
      }
    } else {
      guard kind.isDictionary else {
        throw cursor.fault(.pickleType, "does not work on \(graph.kind(of: .node(index)))")
      }
      guard items.count.isMultiple(of: 2) else {
        throw cursor.fault(.pickleStack, "a key without a value")
      }
    }
    try countElements(items.count)
    graph.append(items, to: index)
  }
}

// MARK: - Memo and objects

extension PickleMachine {
  private mutating func useMemo(_ opcode: PickleOpcode) throws {
    let isShort = opcode == .binput || opcode == .binget
    let index = isShort ? Int(try cursor.byte()) : Int(try cursor.number(UInt32.self))
    if opcode == .binget || opcode == .longBinget {
      guard index < memo.count, let value = memo[index] else {
        throw cursor.fault(.pickleMemo, "nothing was kept under \(index)")
      }
      return try push(value)
    }
    guard index < limits.memoCount else {
      throw cursor.fault(
        .pickleLimit, "\(index) is beyond the \(limits.memoCount) values that may be kept",
        remedy: PickleCursor.remedy)
    }
    guard stack.count > marks.last ?? 0, let value = stack.last else {
      throw cursor.fault(.pickleStack, "there is no value on the stack")
    }
    // Picklers count from 0; a gap may hold nothing yet.
    while memo.count <= index { memo.append(nil) }
    memo[index] = value
  }

  private mutating func useObject(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .global:
      let module = try cursor.line(limit: limits.nameByteCount)
      let name = "\(module).\(try cursor.line(limit: limits.nameByteCount))"
      guard let global = PickleGlobal(name) else {
        throw PickleRefusal.fault(ofGlobal: name, at: cursor)
      }
      try push(.global(global))
    case .reduce, .newobj:
      let arguments = try pop()
      try push(object(made: pop(), from: arguments))
    case .build:
      let state = try pop()
      let index = try topNode()
      guard case .object = graph.nodes[index].kind else {
        throw cursor.fault(.pickleType, "does not work on \(graph.kind(of: .node(index)))")
      }
      graph.setState(state, of: index)
    default:
      try push(add(PickleNode(kind: .persistent, arguments: pop())))
    }
  }

  private mutating func object(
    made callee: PickleValue, from arguments: PickleValue
  ) throws -> PickleValue {
    guard case .global(let global) = callee, global.isCallable else {
      throw cursor.fault(
        .pickleType, "\(graph.kind(of: callee)) is nothing that a checkpoint calls")
    }
    guard graph.tuple(arguments) != nil else {
      throw cursor.fault(
        .pickleType, "the arguments of \(global.name) are \(graph.kind(of: arguments))")
    }
    return try add(PickleNode(kind: .object(global), arguments: arguments))
  }
}

extension PickleNode.Kind {
  var isDictionary: Bool {
    switch self {
    case .dictionary: true
    case .object(let global): global.meaning == .dictionary
    case .tuple, .list, .persistent: false
    }
  }
}
