import Diagnostics

/// The links of a group: names, and the object headers that they lead to.
struct HDF5Group {
  struct Link {
    let name: String
    let header: UInt64
  }

  private(set) var links: [Link] = []
  private let path: [String]

  static func isGroup(_ header: HDF5ObjectHeader) -> Bool {
    header.has(.symbolTable) || header.has(.linkInfo) || header.has(.link)
  }

  /// - Throws: `hdf5-link` for anything but a hard link, `hdf5-name`, `hdf5-limit`, `hdf5-cycle`,
  ///   `hdf5-unsupported`, `hdf5-corrupt`.
  init(_ header: HDF5ObjectHeader, path: [String], in metadata: HDF5Metadata) throws {
    self.path = path
    if var table = try header.message(.symbolTable) {
      let (tree, heap) = (try table.u64(), try table.u64())
      let names = try HDF5LocalHeap(at: heap, in: metadata)
      try readTree(at: tree, level: nil, names, metadata)
    }
    for message in try header.all(.link) {
      try add(try link(reading: message, metadata.limits), metadata.limits)
    }
    guard let info = try header.message(.linkInfo),
      let dense = try HDF5DenseStorage(info, kind: .linksByName, in: metadata)
    else { return }
    for (hash, message) in try dense.links() {
      let link = try link(reading: message, metadata.limits)
      guard HDF5Checksum.lookup3(Array(link.name.utf8)[...]) == hash else {
        throw message.fault("\"\(printable(link.name))\" is indexed under another name's hash")
      }
      try add(link, metadata.limits)
    }
  }

  private mutating func add(_ link: Link, _ limits: HDF5Limits) throws {
    guard links.count < limits.linkCount else {
      throw Fault(.hdf5Limit, "a group has more than \(limits.linkCount) links")
    }
    links.append(link)
  }

  // MARK: Symbol tables, which h5py writes by default

  private mutating func readTree(
    at address: UInt64, level: UInt8?, _ names: HDF5LocalHeap, _ metadata: HDF5Metadata
  ) throws {
    let node = try HDF5TreeNode(
      at: address, kind: .group, level: level, keyByteCount: 8, in: metadata)
    for entry in node.entries {
      if node.level > 0 {
        try readTree(at: entry.child, level: node.level - 1, names, metadata)
      } else {
        try readSymbols(at: entry.child, names, metadata)
      }
    }
  }

  private mutating func readSymbols(
    at address: UInt64, _ names: HDF5LocalHeap, _ metadata: HDF5Metadata
  ) throws {
    let subject = "symbol table node"
    try metadata.visit(address, subject: subject)
    var start = try metadata.read(at: address, count: 8, subject: subject)
    try start.signature("SNOD")
    _ = try start.version(1...1)
    try start.skip(1)
    let count = Int(try start.u16())
    var entries = try metadata.read(at: address &+ 8, count: count * 40, subject: subject)
    for _ in 0..<count {
      let place = entries
      let name = try names.name(at: try entries.u64(), in: metadata)
      let header = try entries.address()
      let cached = try entries.u32()
      try entries.skip(20)
      guard cached != 2 else { throw refusedLink(name, "a soft link") }
      guard let header else { throw place.fault("\"\(printable(name))\" leads nowhere") }
      try add(Link(name: name, header: header), metadata.limits)
    }
  }

  // MARK: Link messages, which newer formats and creation order need: in the group's header while
  // they are few, in a heap otherwise

  private func link(reading cursor: HDF5Cursor, _ limits: HDF5Limits) throws -> Link {
    var cursor = cursor
    _ = try cursor.version(1...1)
    let flags = try cursor.u8()
    let kind = flags & 8 != 0 ? try cursor.u8() : 0
    try cursor.skip((flags & 4 != 0 ? 8 : 0) + (flags & 0x10 != 0 ? 1 : 0))
    let count = try cursor.length(byteCount: 1 << Int(flags & 3))
    let place = cursor
    let name = try HDF5Group.checkedName(try cursor.take(count).bytes, place, limits)
    switch kind {
    case 0: break
    case 1: throw refusedLink(name, "a soft link")
    case 64: throw refusedLink(name, "an external link, which leads into another file")
    default: throw refusedLink(name, "a link of the user-defined kind \(kind)")
    }
    guard let header = try cursor.address() else {
      throw place.fault("\"\(printable(name))\" leads nowhere")
    }
    return Link(name: name, header: header)
  }

  private func refusedLink(_ name: String, _ kind: String) -> Fault {
    Fault(
      .hdf5Link, "\(kind); only hard links are followed",
      at: .init(tensor: (path + [name]).joined(separator: "/")),
      remedy: "copy what it leads to into the file")
  }

  /// - Throws: `hdf5-name`, `hdf5-limit`.
  static func checkedName(
    _ bytes: ArraySlice<UInt8>, _ place: HDF5Cursor, _ limits: HDF5Limits
  ) throws -> String {
    guard bytes.count <= limits.nameByteCount else {
      throw place.fault("a name has more than \(limits.nameByteCount) bytes", .hdf5Limit)
    }
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw place.fault("a name is not UTF-8", .hdf5Name)
    }
    guard !name.isEmpty, name != ".", !name.utf8.contains(0), !name.utf8.contains(0x2F) else {
      throw place.fault("\"\(printable(name))\" is not a name that a link can have", .hdf5Name)
    }
    return name
  }
}

/// The names of a group with a symbol table.
struct HDF5LocalHeap {
  private let start: UInt64
  private let byteCount: UInt64
  private static let subject = "local heap"

  init(at address: UInt64, in metadata: HDF5Metadata) throws {
    try metadata.visit(address, subject: HDF5LocalHeap.subject)
    var cursor = try metadata.read(at: address, count: 32, subject: HDF5LocalHeap.subject)
    try cursor.signature("HEAP")
    _ = try cursor.version(0...0)
    try cursor.skip(3)
    let size = try cursor.length()
    try cursor.skip(8)
    start = try cursor.u64()
    byteCount = UInt64(size)
    _ = try metadata.range(at: start, count: size, subject: HDF5LocalHeap.subject)
  }

  func name(at offset: UInt64, in metadata: HDF5Metadata) throws -> String {
    // One byte more than a name may have, and its NUL.
    let longest = metadata.limits.nameByteCount + 2
    guard offset < byteCount else {
      throw Fault(
        .hdf5Corrupt, "\(HDF5LocalHeap.subject): a name at \(offset) of \(byteCount) bytes")
    }
    let count = min(Int(byteCount - offset), longest)
    var cursor = try metadata.peek(
      at: start &+ offset, count: count, subject: HDF5LocalHeap.subject)
    let place = cursor
    let bytes = cursor.bytes.contains(0) ? try cursor.terminatedBytes() : cursor.bytes
    guard bytes.count < longest, bytes.count < count else {
      throw place.fault("a name does not end within \(count) bytes", .hdf5Limit)
    }
    try metadata.charge(bytes.count, place)
    return try HDF5Group.checkedName(bytes, place, metadata.limits)
  }
}
