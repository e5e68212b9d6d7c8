/// A link that leads to what was written before.
struct HDF5Symbol {
  let name: [UInt8]
  let header: UInt64
  /// For a group: the structures that hold its own links.
  let contents: HDF5GroupContents?
}

/// Where the structures of a group with a symbol table stand.
struct HDF5GroupContents {
  let tree: UInt64
  let names: UInt64
}

/// The oldest kind of group, which every release of the library reads: names in a local heap,
/// symbols in nodes of a fixed size, and a B-tree of version 1 over these. All nodes but the last of
/// a level are full.
extension HDF5Encoder {
  /// Half of the symbols that a symbol table node has room for, as the superblock says.
  static let symbolNodeRank = 4
  /// Half of the children that a B-tree node has room for, as the superblock says.
  static let treeNodeRank = 16

  private struct Child {
    let address: UInt64
    /// Where the last name under it stands in the heap.
    let lastName: Int
  }

  /// - Parameter symbols: in ascending order of their names' bytes.
  /// - Returns: the address of the group's object header, and of its contents.
  mutating func appendGroup(
    _ symbols: [HDF5Symbol]
  ) -> (header: UInt64, contents: HDF5GroupContents) {
    let (heap, offsets) = appendNames(symbols.map(\.name))
    let tree = appendTree(over: appendSymbolNodes(symbols, nameOffsets: offsets))
    let header = address
    let contents = HDF5GroupContents(tree: tree, names: heap)
    appendObjectHeader([HDF5Message(.symbolTable, contents.encoded)])
    return (header, contents)
  }

  /// The local heap. Offset 0 holds the empty name, which is the B-tree's first key.
  private mutating func appendNames(_ names: [[UInt8]]) -> (address: UInt64, offsets: [Int]) {
    var data = HDF5Encoder()
    data.zeros(8)
    var offsets: [Int] = []
    for name in names {
      offsets.append(data.bytes.count)
      data.append(name)
      data.u8(0)
      data.pad()
    }
    let start = address
    signature("HEAP")
    zeros(4)
    u64(UInt64(data.bytes.count))
    // Not an offset but the library's mark for a heap without free space.
    u64(1)
    u64(start + 32)
    append(data.bytes)
    return (start, offsets)
  }

  private mutating func appendSymbolNodes(
    _ symbols: [HDF5Symbol], nameOffsets: [Int]
  ) -> [Child] {
    let capacity = 2 * HDF5Encoder.symbolNodeRank
    return stride(from: 0, to: symbols.count, by: capacity).map { first in
      let end = min(first + capacity, symbols.count)
      let child = Child(address: address, lastName: nameOffsets[end - 1])
      signature("SNOD")
      u8(1)
      u8(0)
      u16(end - first)
      for index in first..<end {
        let symbol = symbols[index]
        appendSymbol(nameOffset: nameOffsets[index], symbol.header, symbol.contents)
      }
      zeros((capacity - (end - first)) * 40)
      return child
    }
  }

  /// An entry of a symbol table. A group's contents stand beside its header's address, which saves
  /// the library from reading the header.
  mutating func appendSymbol(nameOffset: Int, _ header: UInt64, _ contents: HDF5GroupContents?) {
    u64(UInt64(nameOffset))
    u64(header)
    u32(contents == nil ? 0 : 1)
    u32(0)
    append(contents?.encoded ?? [UInt8](repeating: 0, count: 16))
  }

  /// - Returns: the address of the root.
  private mutating func appendTree(over leaves: [Child]) -> UInt64 {
    var children = leaves
    var level: UInt8 = 0
    repeat {
      children = appendTreeLevel(level, over: children)
      level += 1
    } while children.count > 1
    return children[0].address
  }

  private mutating func appendTreeLevel(_ level: UInt8, over children: [Child]) -> [Child] {
    let capacity = 2 * HDF5Encoder.treeNodeRank
    let byteCount = UInt64(24 + capacity * 16 + 8)
    let levelStart = address
    let count = max(1, (children.count + capacity - 1) / capacity)
    var precedingName = 0
    return (0..<count).map { number in
      let own = children.dropFirst(number * capacity).prefix(capacity)
      let start = levelStart + UInt64(number) * byteCount
      signature("TREE")
      u8(HDF5TreeNode.Kind.group.rawValue)
      u8(level)
      u16(own.count)
      if number > 0 { u64(start - byteCount) } else { noAddress() }
      if number < count - 1 { u64(start + byteCount) } else { noAddress() }
      u64(UInt64(precedingName))
      for child in own {
        u64(child.address)
        u64(UInt64(child.lastName))
        precedingName = child.lastName
      }
      zeros((capacity - own.count) * 16)
      return Child(address: start, lastName: precedingName)
    }
  }
}

extension HDF5GroupContents {
  fileprivate var encoded: [UInt8] {
    var encoder = HDF5Encoder()
    encoder.u64(tree)
    encoder.u64(names)
    return encoder.bytes
  }
}
