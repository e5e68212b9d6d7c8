import Diagnostics
import Files

/// The format of `torch.save` before 1.6: five pickles one after the other (a magic number, the
/// format's version, a note on the machine, the object, the storages' keys) and then every
/// storage, as its element count and its elements.
struct TorchLegacyFile {
  private let file: MappedFile
  private let limits: TorchLimits
  private var cursor: PickleCursor

  private static let version = 1001
  /// 0x1950A86A20F9469CFC6C, little-endian.
  private static let magic: [UInt8] = [
    0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]

  /// Whether a file begins with a pickle of protocol 2 or later. Which one it is the reader finds
  /// out, and says.
  ///
  /// A safetensors file whose header has 640 bytes begins with the same two, but no opcode is zero
  /// and no short pickle has a brace in the ninth place after four zeros.
  static func recognises(_ file: RawSpan) -> Bool {
    guard file.byteCount >= 3 else { return false }
    let start = file.copy(0..<min(file.byteCount, 9))
    guard start[0] == 0x80, 2...5 ~= start[1], start[2] != 0 else { return false }
    return start.count < 9 || start[4..<8].contains { $0 != 0 } || start[8] != UInt8(ascii: "{")
  }

  init(_ file: MappedFile, limits: TorchLimits) {
    self.file = file
    self.limits = limits
    cursor = PickleCursor(file, range: 0..<file.byteCount, limit: limits.pickleByteCount)
  }

  /// - Throws: `torch-legacy`, `torch-version`, `torch-storage-size`, or what the pickles bring up.
  mutating func contents() throws -> TorchContents {
    try readPreamble()
    let graph = try readPickle()
    let keys = try readKeys()
    let ranges = try storageRanges(of: TorchStorage.all(in: graph, limits: limits), keys: keys)
    return TorchContents(
      file: file, graph: graph,
      // These files are little-endian whatever machine wrote them.
      isBigEndian: false, formatName: "PyTorch (legacy)", checksums: nil
    ) { storage in
      guard let range = ranges[storage.key] else {
        throw Fault(.torchMissingStorage, "the file has no storage \(storage.key)")
      }
      return TorchContents.Location(range: range, member: nil)
    }
  }

  /// Every pickle may be as long as the limit says.
  private mutating func readPickle() throws -> PickleGraph {
    cursor = PickleCursor(
      file, range: cursor.offset..<file.byteCount, limit: limits.pickleByteCount)
    return try PickleMachine.read(&cursor, limits: limits)
  }

  private mutating func readPreamble() throws {
    let magic = try readPickle()
    guard case .largeInteger(let slice) = magic.root,
      try magic.source.bytes(of: slice) == TorchLegacyFile.magic
    else {
      throw Fault(
        .torchLegacy, "this is a Python pickle, but none that torch.save wrote",
        at: .init(byteOffset: 0), remedy: "load it in Python and save it again with torch.save")
    }
    let start = cursor.offset
    guard try readPickle().root == .integer(TorchLegacyFile.version) else {
      throw Fault(
        .torchVersion, "the format's version is not \(TorchLegacyFile.version)",
        at: .init(byteOffset: UInt64(start)))
    }
    let machineStart = cursor.offset
    let machine = try readPickle()
    guard machine.node(machine.root)?.kind == .dictionary else {
      throw Fault(
        .torchLegacy, "a dictionary on the writing machine is expected",
        at: .init(byteOffset: UInt64(machineStart)))
    }
  }

  private mutating func readKeys() throws -> [String] {
    let start = cursor.offset
    let graph = try readPickle()
    func fault(_ reason: String) -> Fault {
      Fault(.torchLegacy, reason, at: .init(byteOffset: UInt64(start)))
    }
    guard let list = graph.node(graph.root), list.kind == .list else {
      throw fault("a list of the storages' keys is expected")
    }
    var seen: Set<String> = []
    return try list.items.map { item in
      guard let key = try graph.text(item, limit: limits.nameByteCount) else {
        throw fault("a storage's key is \(graph.kind(of: item))")
      }
      guard seen.insert(key).inserted else {
        throw fault("storage \(printable(key)) is listed twice")
      }
      return key
    }
  }

  /// Counts through the storages to the file's end.
  private mutating func storageRanges(
    of storages: [Int: TorchStorage], keys: [String]
  ) throws -> [String: Range<Int>] {
    // Two ids of one key agree on its bytes but may count them differently, and the file counts as
    // the first one does.
    var byKey: [String: Set<TorchStorage>] = [:]
    for storage in storages.values { byKey[storage.key, default: []].insert(storage) }
    var ranges: [String: Range<Int>] = [:]
    var offset = cursor.offset
    for key in keys {
      let place = Fault.Place(byteOffset: UInt64(offset))
      guard let known = byKey[key], let byteCount = known.first?.byteCount else {
        throw Fault(.torchLegacy, "no tensor has storage \(printable(key))", at: place)
      }
      guard file.byteCount - offset >= 8 else { throw cutOff(key, at: place) }
      let count = try file.withBytes(in: offset..<offset + 8) { $0.unsigned64(at: 0) }
      guard known.contains(where: { UInt64($0.byteCount / $0.elementByteCount) == count }) else {
        throw Fault(
          .torchStorageSize,
          "storage \(key) has \(count) elements here and \(byteCount) bytes in the pickle",
          at: place)
      }
      offset += 8
      guard file.byteCount - offset >= byteCount else { throw cutOff(key, at: place) }
      ranges[key] = offset..<offset + byteCount
      offset += byteCount
    }
    guard offset == file.byteCount else {
      throw Fault(
        .pickleTrailingBytes, "\(file.byteCount - offset) bytes follow the last storage",
        at: .init(byteOffset: UInt64(offset)))
    }
    return ranges
  }

  private func cutOff(_ key: String, at place: Fault.Place) -> Fault {
    Fault(
      .truncated, "the file ends within storage \(key)", at: place,
      remedy: "fetch or copy the file again")
  }
}
