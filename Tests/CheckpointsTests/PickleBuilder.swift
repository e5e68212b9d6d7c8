/// Opcodes of pickles with their operands, to be joined.
enum Pickle {
  static let proto: [UInt8] = [0x80, 2]
  static let stop: [UInt8] = [0x2E]
  static let mark: [UInt8] = [0x28]
  static let none: [UInt8] = [0x4E]
  static let yes: [UInt8] = [0x88]
  static let no: [UInt8] = [0x89]
  static let emptyTuple: [UInt8] = [0x29]
  static let emptyList: [UInt8] = [0x5D]
  static let emptyDict: [UInt8] = [0x7D]
  static let append: [UInt8] = [0x61]
  static let appends: [UInt8] = [0x65]
  static let setitem: [UInt8] = [0x73]
  static let setitems: [UInt8] = [0x75]
  static let reduce: [UInt8] = [0x52]
  static let newobj: [UInt8] = [0x81]
  static let build: [UInt8] = [0x62]
  static let binpersid: [UInt8] = [0x51]

  static func integer(_ value: Int) -> [UInt8] {
    if let small = UInt8(exactly: value) { return [0x4B, small] }
    return [0x8A, 8] + little(value)
  }

  static func text(_ text: String) -> [UInt8] {
    [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  static func global(_ module: String, _ name: String) -> [UInt8] {
    Array("c\(module)\n\(name)\n".utf8)
  }

  static func tuple(_ items: [UInt8]...) -> [UInt8] { mark + items.flatMap { $0 } + [0x74] }
  static func put(_ index: UInt8) -> [UInt8] { [0x71, index] }
  static func get(_ index: UInt8) -> [UInt8] { [0x68, index] }
  static func longPut(_ index: UInt32) -> [UInt8] { [0x72] + little(index) }
  static func longGet(_ index: UInt32) -> [UInt8] { [0x6A] + little(index) }

  static func dictionary(_ entries: (String, [UInt8])...) -> [UInt8] {
    emptyDict + mark + entries.flatMap { text($0.0) + $0.1 } + setitems
  }

  static func call(_ module: String, _ name: String, _ arguments: [UInt8]...) -> [UInt8] {
    global(module, name) + mark + arguments.flatMap { $0 } + [0x74] + reduce
  }

  static let orderedDict = call("collections", "OrderedDict")

  /// A reference to four floats under `key`, as PyTorch writes it.
  static func storage(
    tag: [UInt8] = text("storage"), type: [UInt8] = global("torch", "FloatStorage"),
    key: [UInt8] = text("0"), location: [UInt8] = text("cpu"), count: [UInt8] = integer(4)
  ) -> [UInt8] {
    tuple(tag, type, key, location, count) + binpersid
  }

  static func tensor(
    _ storage: [UInt8] = storage(), offset: [UInt8] = integer(0),
    size: [UInt8] = tuple(integer(4)), stride: [UInt8] = tuple(integer(1)),
    metadata: [UInt8] = []
  ) -> [UInt8] {
    call(
      "torch._utils", "_rebuild_tensor_v2", storage, offset, size, stride, no, orderedDict, metadata
    )
  }

  static func shape(_ extents: Int...) -> [UInt8] { mark + extents.flatMap(integer) + [0x74] }

  /// A whole pickle of one value.
  static func of(_ value: [UInt8]...) -> [UInt8] { proto + value.flatMap { $0 } + stop }

  static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}

/// Files as `torch.save` writes them, around pickles that it does not write.
enum TorchFile {
  static let fourFloats = [UInt8](repeating: 1, count: 16)

  static func zip(
    _ pickle: [UInt8], storages: [String: [UInt8]] = ["0": fourFloats],
    notes: [String: String] = ["version": "3\n", "byteorder": "little", ".format_version": "1"]
  ) -> [UInt8] {
    var builder = ZIPBuilder(.init("archive/data.pkl", pickle))
    for (name, bytes) in storages.sorted(by: { $0.key < $1.key }) {
      builder.members.append(.init("archive/data/\(name)", bytes))
    }
    for (name, note) in notes.sorted(by: { $0.key < $1.key }) {
      builder.members.append(.init("archive/\(name)", Array(note.utf8)))
    }
    return builder.build().bytes
  }

  /// A file of one value under the name `w`.
  static func zip(of value: [UInt8]) -> [UInt8] { zip(Pickle.of(Pickle.dictionary(("w", value)))) }

  static let magic: [UInt8] = [
    0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]
  static let version = Pickle.of([0x4D, 0xE9, 0x03])

  static func legacy(
    magic: [UInt8] = magic, version: [UInt8] = version,
    machine: [UInt8] = Pickle.of(Pickle.dictionary(("little_endian", Pickle.yes))),
    _ pickle: [UInt8] = Pickle.of(Pickle.dictionary(("w", Pickle.tensor()))),
    keys: [UInt8] = Pickle.of(Pickle.emptyList, Pickle.text("0"), Pickle.append),
    storages: [UInt8] = Pickle.little(Int64(4)) + fourFloats
  ) -> [UInt8] {
    magic + version + machine + pickle + keys + storages
  }
}
