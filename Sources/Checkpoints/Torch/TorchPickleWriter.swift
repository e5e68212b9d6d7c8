import Tensors

/// Writes the pickle of a state dict: byte for byte what Python's pickler makes of an `OrderedDict`
/// of plain tensors.
struct TorchPickleWriter {
  private(set) var bytes: [UInt8] = []
  private var memoCount = 0
  /// Under which number values are kept that come again.
  private var memo: [String: Int] = [:]

  /// Python's pickler hands on dictionaries in pieces of this many entries.
  private static let batchCount = 1000

  /// - Parameter entries: the tensors in the order of the dictionary; the storage of each has its
  ///   place in the list for a key.
  /// - Throws: `wrong-dtype` when PyTorch has no such element type.
  static func pickle(of entries: [StoredTensor]) throws -> [UInt8] {
    var writer = TorchPickleWriter()
    writer.write(.proto)
    writer.bytes.append(2)
    writer.writeEmptyOrderedDict()
    for start in stride(from: 0, to: entries.count, by: batchCount) {
      let batch = entries[start..<min(start + batchCount, entries.count)]
      if batch.count > 1 { writer.write(.mark) }
      for index in batch.indices {
        writer.write(text: entries[index].key.name)
        try writer.write(entries[index], storageKey: index)
      }
      writer.write(batch.count > 1 ? .setitems : .setitem)
    }
    writer.write(.stop)
    return writer.bytes
  }

  private mutating func write(
    _ entry: StoredTensor, storageKey: Int
  ) throws {
    let names = try TorchElementType.names(of: entry.dtype)
    write(global: "_rebuild_tensor_v\(names.storage == nil ? 3 : 2)", of: "torch._utils")
    write(.mark)
    writeStorage(entry, storageName: names.storage, key: storageKey)
    write(integer: 0)
    write(tuple: entry.shape.extents)
    write(tuple: entry.shape.rowMajorStrides)
    write(.newFalse)
    writeEmptyOrderedDict()
    if names.storage == nil { write(global: names.elementType, of: "torch") }
    write(.tuple)
    keep()
    write(.reduce)
    keep()
  }

  /// ('storage', type, key, location, count) as a persistent id.
  private mutating func writeStorage(
    _ entry: StoredTensor, storageName: String?, key: Int
  ) {
    write(.mark)
    writeOnce(text: "storage")
    if let storageName {
      write(global: storageName, of: "torch")
    } else {
      write(global: "UntypedStorage", of: "torch.storage")
    }
    write(text: String(key))
    writeOnce(text: "cpu")
    write(integer: storageName == nil ? entry.byteCount : entry.shape.elementCount)
    write(.tuple)
    keep()
    write(.binpersid)
  }

  private mutating func writeEmptyOrderedDict() {
    write(global: "OrderedDict", of: "collections")
    write(.emptyTuple)
    write(.reduce)
    keep()
  }
}

// MARK: - Values

extension TorchPickleWriter {
  private mutating func write(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

  private mutating func write(number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Keeps the value on top of the stack under the next number.
  private mutating func keep() {
    write(memoCount, .binput, .longBinput)
    memoCount += 1
  }

  private mutating func write(_ index: Int, _ short: PickleOpcode, _ long: PickleOpcode) {
    if let index = UInt8(exactly: index) {
      write(short)
      write(number: index)
    } else {
      write(long)
      write(number: UInt32(index))
    }
  }

  /// Writes a value the first time and refers to it from then on.
  private mutating func writeOnce(_ name: String, _ write: (inout Self) -> Void) {
    if let index = memo[name] {
      self.write(index, .binget, .longBinget)
    } else {
      write(&self)
      memo[name] = memoCount
      keep()
    }
  }

  private mutating func write(global name: String, of module: String) {
    writeOnce("\(module) \(name)") {
      $0.write(.global)
      $0.bytes += Array("\(module)\n\(name)\n".utf8)
    }
  }

  private mutating func writeOnce(text: String) {
    writeOnce(text) { $0.writeUnkept(text: text) }
  }

  private mutating func write(text: String) {
    writeUnkept(text: text)
    keep()
  }

  private mutating func writeUnkept(text: String) {
    write(.binunicode)
    write(number: UInt32(text.utf8.count))
    bytes += Array(text.utf8)
  }

  private mutating func write(integer: Int) {
    if let small = UInt8(exactly: integer) {
      write(.binint1)
      write(number: small)
    } else if let medium = UInt16(exactly: integer) {
      write(.binint2)
      write(number: medium)
    } else if let large = Int32(exactly: integer) {
      write(.binint)
      write(number: large)
    } else {
      // As few bytes as keep the sign clear.
      let count = (64 - integer.leadingZeroBitCount) / 8 + 1
      write(.long1)
      write(number: UInt8(count))
      for byte in 0..<count { bytes.append(UInt8(truncatingIfNeeded: integer >> (8 * byte))) }
    }
  }

  private mutating func write(tuple: [Int]) {
    guard !tuple.isEmpty else { return write(.emptyTuple) }
    if tuple.count > 3 { write(.mark) }
    for integer in tuple { write(integer: integer) }
    write([.tuple1, .tuple2, .tuple3, .tuple][min(tuple.count, 4) - 1])
    keep()
  }
}

extension Shape {
  /// As PyTorch gives them: axes without elements count as if they had one.
  fileprivate var rowMajorStrides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in (0..<max(0, rank - 1)).reversed() {
      strides[axis] = strides[axis + 1] &* max(1, self[axis + 1])
    }
    return strides
  }
}
