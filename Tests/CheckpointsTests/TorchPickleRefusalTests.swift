import Checkpoints
import Diagnostics
import Testing

@Suite("Refusing hostile pickles")
struct TorchPickleRefusalTests {
  private static func zip(_ pickle: [UInt8]...) -> [UInt8] {
    TorchFile.zip(Pickle.of(pickle.flatMap { $0 }))
  }

  @Test("whatever would be imported or called is named and not run", arguments: imports)
  func importsAreRefused(hostile: TorchCase) throws { try hostile.check() }

  static let imports: [TorchCase] = [
    TorchCase(
      "os.system", zip(Pickle.call("os", "system", Pickle.text("id"))), .forbiddenPickleGlobal,
      saying: "os.system"),
    TorchCase(
      "posix.system", zip(Pickle.call("posix", "system", Pickle.text("id"))),
      .forbiddenPickleGlobal, saying: "posix.system"),
    TorchCase(
      "builtins.eval", zip(Pickle.call("builtins", "eval", Pickle.text("1"))),
      .forbiddenPickleGlobal, saying: "builtins.eval"),
    TorchCase(
      "__builtin__.getattr", zip(Pickle.call("__builtin__", "getattr")), .forbiddenPickleGlobal,
      saying: "__builtin__.getattr"),
    TorchCase(
      "a class of somebody's own", zip(Pickle.global("__main__", "Model")),
      .forbiddenPickleGlobal, saying: "__main__.Model"),
    TorchCase(
      "a name with a dot in it", zip(Pickle.global("torch", "os.system")),
      .forbiddenPickleGlobal, saying: "torch.os.system"),
    TorchCase(
      "control characters in a name", zip(Pickle.global("os\u{1B}[2J", "x")),
      .forbiddenPickleGlobal, saying: "\\u{1b}"),
    TorchCase(
      "an import within what is skipped",
      zip(
        Pickle.dictionary(
          ("w", Pickle.tensor()), ("optimizer", Pickle.call("torch.optim.sgd", "SGD")))),
      .forbiddenPickleGlobal, saying: "torch.optim.sgd.SGD"),
    TorchCase(
      "INST", zip(Pickle.mark, Pickle.text("id"), Array("ios\nsystem\n".utf8)),
      .forbiddenPickleGlobal, saying: "INST: the pickle refers to os.system"),
    TorchCase(
      "STACK_GLOBAL", zip(Pickle.text("os"), Pickle.text("system"), [0x93]),
      .forbiddenPickleGlobal, saying: "STACK_GLOBAL: the pickle refers to os.system"),
    TorchCase(
      "STACK_GLOBAL of an allowed name",
      zip(Pickle.text("collections"), Pickle.text("OrderedDict"), [0x93]), .pickleOpcode),
    TorchCase("STACK_GLOBAL of nothing", zip([0x93]), .pickleOpcode),
    TorchCase(
      "OBJ", zip(Pickle.mark, Pickle.global("collections", "OrderedDict"), [0x6F]),
      .pickleOpcode, saying: "OBJ"),
    TorchCase("EXT1", zip([0x82, 1]), .pickleOpcode, saying: "EXT1"),
    TorchCase("EXT2", zip([0x83, 1, 0]), .pickleOpcode, saying: "EXT2"),
    TorchCase("EXT4", zip([0x84, 1, 0, 0, 0]), .pickleOpcode, saying: "EXT4"),
    TorchCase("NEWOBJ_EX", zip([0x92]), .pickleOpcode, saying: "NEWOBJ_EX"),
    TorchCase("PERSID", zip(Array("P0\n".utf8)), .pickleOpcode, saying: "PERSID"),
    TorchCase(
      "REDUCE of a list", zip(Pickle.emptyList, Pickle.emptyTuple, Pickle.reduce), .pickleType,
      saying: "REDUCE: a list"),
    TorchCase(
      "REDUCE of a call's result", zip(Pickle.orderedDict, Pickle.emptyTuple, Pickle.reduce),
      .pickleType),
    TorchCase(
      "REDUCE of a storage's type", zip(Pickle.call("torch", "FloatStorage", Pickle.integer(1))),
      .pickleType, saying: "torch.FloatStorage"),
    TorchCase(
      "REDUCE with arguments in a list",
      zip(Pickle.global("torch", "Size"), Pickle.emptyList, Pickle.reduce), .pickleType),
    TorchCase(
      "NEWOBJ of a string", zip(Pickle.text("os"), Pickle.emptyTuple, Pickle.newobj), .pickleType),
    TorchCase(
      "BUILD of a dictionary", zip(Pickle.emptyDict, Pickle.emptyDict, Pickle.build), .pickleType,
      saying: "BUILD"),
    TorchCase(
      "BUILD of a global", zip(Pickle.global("torch", "Size"), Pickle.emptyDict, Pickle.build),
      .pickleType),
  ]

  @Test("a pickle that breaks its machine is a fault", arguments: machine)
  func machineIsRefused(hostile: TorchCase) throws { try hostile.check() }

  static let machine: [TorchCase] = [
    TorchCase("an empty pickle", TorchFile.zip([]), .pickleTruncated),
    TorchCase("no STOP", TorchFile.zip(Pickle.proto + Pickle.none), .pickleTruncated),
    TorchCase("STOP without a value", zip(), .pickleStack, saying: "STOP"),
    TorchCase("STOP with two values", zip(Pickle.none, Pickle.none), .pickleStack),
    TorchCase("STOP with a mark", zip(Pickle.mark, Pickle.none), .pickleStack),
    TorchCase(
      "bytes after STOP", TorchFile.zip(Pickle.of(Pickle.emptyDict) + [0]), .pickleTrailingBytes),
    TorchCase("an unknown opcode", zip([0xFF]), .pickleOpcode, saying: "0xff"),
    TorchCase("a second PROTO", zip(Pickle.proto), .pickleProtocol),
    TorchCase("TUPLE without a mark", zip([0x74]), .pickleStack, saying: "TUPLE"),
    TorchCase("TUPLE1 of nothing", zip([0x85]), .pickleStack),
    TorchCase("TUPLE2 of one", zip(Pickle.none, [0x86]), .pickleStack),
    TorchCase("TUPLE3 of two", zip(Pickle.none, Pickle.none, [0x87]), .pickleStack),
    TorchCase(
      "TUPLE2 across a mark", zip(Pickle.none, Pickle.mark, Pickle.none, [0x86]), .pickleStack),
    TorchCase("APPEND of nothing", zip(Pickle.emptyList, Pickle.append), .pickleStack),
    TorchCase(
      "APPEND to a tuple", zip(Pickle.emptyTuple, Pickle.none, Pickle.append), .pickleType),
    TorchCase("APPENDS without a mark", zip(Pickle.emptyList, Pickle.appends), .pickleStack),
    TorchCase(
      "APPENDS to a number", zip(Pickle.integer(1), Pickle.mark, Pickle.none, Pickle.appends),
      .pickleType),
    TorchCase(
      "SETITEM of a key alone", zip(Pickle.emptyDict, Pickle.text("a"), Pickle.setitem),
      .pickleStack),
    TorchCase(
      "SETITEM in a list", zip(Pickle.emptyList, Pickle.none, Pickle.none, Pickle.setitem),
      .pickleType),
    TorchCase(
      "SETITEMS of a key without a value",
      zip(Pickle.emptyDict, Pickle.mark, Pickle.text("a"), Pickle.setitems), .pickleStack),
    TorchCase(
      "SETITEMS in an object that is no mapping",
      zip(Pickle.call("torch", "Size"), Pickle.mark, Pickle.setitems), .pickleType),
    TorchCase("REDUCE of nothing", zip(Pickle.reduce), .pickleStack),
    TorchCase("BINPERSID of nothing", zip(Pickle.binpersid), .pickleStack),
    TorchCase("BINPUT of nothing", zip(Pickle.put(0)), .pickleStack),
    TorchCase("BINGET of what was not kept", zip(Pickle.get(0)), .pickleMemo, saying: "BINGET"),
    TorchCase(
      "BINGET of a gap", zip(Pickle.none, Pickle.put(9), Pickle.get(3)), .pickleMemo),
    TorchCase("LONG_BINGET far out", zip(Pickle.longGet(.max)), .pickleMemo),
    TorchCase(
      "LONG_BINPUT far out", zip(Pickle.none, Pickle.longPut(.max)), .pickleLimit,
      saying: "LONG_BINPUT"),
    TorchCase(
      "BINUNICODE of four gigabytes", zip([0x58, 0xFF, 0xFF, 0xFF, 0xFF]), .pickleLimit),
    TorchCase(
      "BINUNICODE beyond the pickle", zip([0x58, 0, 0, 0, 1]), .pickleTruncated,
      saying: "BINUNICODE"),
    TorchCase("BINSTRING of a negative length", zip([0x54, 0, 0, 0, 0x80]), .pickleText),
    TorchCase(
      "a module's name without an end",
      zip([0x63], [UInt8](repeating: UInt8(ascii: "a"), count: 5000)), .pickleLimit),
    TorchCase("a module's name that is not UTF-8", zip([0x63, 0xFF, 0x0A, 0x0A]), .pickleText),
    TorchCase(
      "a tensor's name that is not UTF-8",
      zip(
        Pickle.emptyDict, [0x58, 1, 0, 0, 0, 0xFF], Pickle.tensor(), Pickle.setitem), .pickleText),
    TorchCase(
      "a tensor's name of a megabyte",
      zip(Pickle.dictionary((String(repeating: "a", count: 1 << 20), Pickle.tensor()))),
      .pickleLimit),
    TorchCase(
      "a name twice", zip(Pickle.dictionary(("w", Pickle.tensor()), ("w", Pickle.tensor()))),
      .pickleDuplicateKey),
    TorchCase(
      "a tensor with a number for a name",
      zip(Pickle.emptyDict, Pickle.integer(1), Pickle.tensor(), Pickle.setitem), .torchTensor),
  ]

  @Test("other protocols than 2 are refused", arguments: [0, 1, 3, 4, 5, 255] as [UInt8])
  func protocols(version: UInt8) throws {
    let file = TorchFile.zip([0x80, version] + Pickle.emptyDict + Pickle.stop)
    try TorchCase("protocol", file, .pickleProtocol, saying: "protocol \(version)").check()
  }

  @Test("the text protocol, which has no PROTO, is refused")
  func textProtocol() throws {
    try TorchCase("text", TorchFile.zip(Array("(dp0\n.".utf8)), .pickleProtocol).check()
  }

  @Test("values that contain themselves are refused", arguments: cycles)
  func cyclesAreRefused(hostile: TorchCase) throws { try hostile.check() }

  static let cycles: [TorchCase] = [
    TorchCase(
      "a list in itself", zip(Pickle.emptyList, Pickle.put(0), Pickle.get(0), Pickle.append),
      .pickleCycle),
    TorchCase(
      "a wrapper in itself",
      zip(Pickle.emptyDict, Pickle.put(0), Pickle.text("model"), Pickle.get(0), Pickle.setitem),
      .pickleCycle),
    TorchCase(
      "a dictionary in a tuple in itself",
      zip(
        Pickle.emptyDict, Pickle.put(0), Pickle.text("a"), Pickle.tuple(Pickle.get(0)),
        Pickle.setitem),
      .pickleCycle),
    TorchCase(
      "an object in its own state",
      zip(Pickle.orderedDict, Pickle.put(0), Pickle.get(0), Pickle.build), .pickleCycle),
    TorchCase(
      "a hundred thousand lists in one another",
      zip(
        [UInt8](repeating: Pickle.emptyList[0], count: 100_000),
        [UInt8](repeating: Pickle.append[0], count: 99_999)),
      .pickleLimit, saying: "deep"),
    TorchCase(
      "a hundred thousand tuples in one another",
      zip(Pickle.none, [UInt8](repeating: 0x85, count: 100_000)), .pickleLimit, saying: "deep"),
    TorchCase(
      "persistent ids in one another",
      zip(Pickle.none, [UInt8](repeating: Pickle.binpersid[0], count: 100_000)), .pickleLimit),
    TorchCase(
      "a million marks", zip([UInt8](repeating: Pickle.mark[0], count: 1_000_000)), .pickleLimit),
    TorchCase(
      "a million values on the stack",
      zip([UInt8](repeating: Pickle.none[0], count: 1_000_000)), .pickleLimit),
    TorchCase(
      "a million containers",
      zip(
        Pickle.emptyList,
        [[UInt8]](repeating: Pickle.emptyList + Pickle.append, count: 1_000_000).flatMap { $0 }),
      .pickleLimit),
  ]

  @Test("a pickle cut off anywhere is a fault")
  func truncation() throws {
    let pickle = Pickle.of(
      Pickle.dictionary(
        ("w", Pickle.tensor()), ("long", [0x8A, 2, 1, 1]), ("short", [0x4D, 1, 1]),
        ("float", [0x47, 0, 0, 0, 0, 0, 0, 0, 0]), ("int", [0x4A, 1, 1, 1, 1]),
        ("string", [0x55, 2, 65, 65]), ("far", Pickle.none + Pickle.longPut(3))))
    #expect(try TorchFixture.outcome(of: TorchFile.zip(pickle)) == nil)
    for count in 0..<pickle.count {
      let fault = try TorchFixture.outcome(of: TorchFile.zip(Array(pickle.prefix(count))))
      #expect(fault?.code == .pickleTruncated, "\(count) bytes")
      #expect(fault?.place.byteOffset != nil)
    }
  }
}
