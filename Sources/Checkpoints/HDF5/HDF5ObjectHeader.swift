import Diagnostics

/// What a file says of one group or dataset: a list of messages, possibly spread over several blocks.
struct HDF5ObjectHeader {
  /// The kinds of message that matter here, by their number in the specification.
  enum Kind: UInt16 {
    case dataspace = 0x01
    case linkInfo = 0x02
    case dataType = 0x03
    case oldFillValue = 0x04
    case fillValue = 0x05
    case link = 0x06
    case externalFiles = 0x07
    case layout = 0x08
    case filterPipeline = 0x0B
    case attribute = 0x0C
    case continuation = 0x10
    case symbolTable = 0x11
    case attributeInfo = 0x15
  }

  private struct Message {
    let kind: Kind
    let isShared: Bool
    let body: HDF5Cursor
  }

  private var messages: [Message] = []

  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`, `hdf5-cycle`.
  init(at address: UInt64, in metadata: HDF5Metadata) throws {
    let subject = "object header"
    try metadata.visit(address, subject: subject)
    var start = try metadata.read(at: address, count: 16, subject: subject, clipped: true)
    var blocks: [HDF5Cursor]
    let format: BlockFormat
    if start.bytes.first == 1 {
      try start.skip(8)
      let size = try start.length(byteCount: 4)
      blocks = [try metadata.read(at: address &+ 16, count: size, subject: subject)]
      format = .plain
    } else {
      let (block, flags) = try HDF5ObjectHeader.firstBlock(at: address, in: metadata)
      blocks = [block]
      format = .checked(hasCreationOrder: flags & 4 != 0)
    }
    while let block = blocks.popLast() {
      try readMessages(of: block, format) { address, count in
        blocks.append(try format.continuation(at: address, count: count, in: metadata))
      }
    }
  }

  /// The body of the only message of its kind, or nil when there is none.
  ///
  /// - Throws: `hdf5-corrupt` when there are several, `hdf5-unsupported` when it lies elsewhere.
  func message(_ kind: Kind) throws -> HDF5Cursor? {
    let found = try all(kind)
    guard found.count <= 1 else { throw found[1].fault("a second message of kind \(kind)") }
    return found.first
  }

  func all(_ kind: Kind) throws -> [HDF5Cursor] {
    try messages.filter { $0.kind == kind }.map { message in
      guard !message.isShared else {
        throw message.body.fault(
          "its \(kind) is shared with other objects",
          .hdf5Unsupported)
      }
      return message.body
    }
  }

  /// Where the element type lies, when it is not in this header.
  var sharedDataType: HDF5Cursor? {
    messages.first { $0.kind == .dataType && $0.isShared }?.body
  }

  func has(_ kind: Kind) -> Bool { messages.contains { $0.kind == kind } }

  private mutating func readMessages(
    of block: HDF5Cursor, _ format: BlockFormat, continuing: (UInt64, Int) throws -> Void
  ) throws {
    var block = block
    while block.remaining >= format.messageHeaderByteCount {
      let (number, flags, body) = try format.nextMessage(of: &block)
      guard let kind = Kind(rawValue: number) else { continue }
      if kind == .continuation {
        var body = body
        try continuing(try body.u64(), try body.length())
      } else {
        messages.append(Message(kind: kind, isShared: flags & 2 != 0, body: body))
      }
    }
  }

  private static func firstBlock(
    at address: UInt64, in metadata: HDF5Metadata
  ) throws -> (HDF5Cursor, flags: UInt8) {
    var prefix = try metadata.read(
      at: address, count: 34, subject: "object header", clipped: true)
    let all = prefix.remaining
    try prefix.signature("OHDR")
    _ = try prefix.version(2...2)
    let flags = try prefix.u8()
    try prefix.skip((flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0))
    let size = try prefix.length(byteCount: 1 << Int(flags & 3))
    let prefixCount = all - prefix.remaining
    guard size <= metadata.file.byteCount else {
      throw prefix.fault("\(size) bytes are declared, more than the file has")
    }
    var block = try metadata.read(
      at: address, count: prefixCount + size + 4, subject: "object header")
    block = try block.withoutChecksum()
    try block.skip(prefixCount)
    return (block, flags)
  }
}

/// How a block of messages is laid out.
private enum BlockFormat {
  /// Version 1: bare messages.
  case plain
  /// Version 2: a checksum at the end.
  case checked(hasCreationOrder: Bool)

  var messageHeaderByteCount: Int {
    switch self {
    case .plain: 8
    case .checked(let hasCreationOrder): hasCreationOrder ? 6 : 4
    }
  }

  func nextMessage(
    of block: inout HDF5Cursor
  ) throws -> (number: UInt16, flags: UInt8, body: HDF5Cursor) {
    switch self {
    case .plain:
      let number = try block.u16()
      let size = try block.length(byteCount: 2)
      let flags = try block.u8()
      try block.skip(3)
      return (number, flags, try block.take(size))
    case .checked(let hasCreationOrder):
      let number = UInt16(try block.u8())
      let size = try block.length(byteCount: 2)
      let flags = try block.u8()
      if hasCreationOrder { try block.skip(2) }
      return (number, flags, try block.take(size))
    }
  }

  func continuation(
    at address: UInt64, count: Int, in metadata: HDF5Metadata
  ) throws -> HDF5Cursor {
    let subject = "object header continuation"
    try metadata.visit(address, subject: subject)
    var block = try metadata.read(at: address, count: count, subject: subject)
    guard case .checked = self else { return block }
    block = try block.withoutChecksum()
    try block.signature("OCHK")
    return block
  }
}
