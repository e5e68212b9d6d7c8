import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

@Suite("Refusing hostile and foreign PyTorch files")
struct TorchFileRefusalTests {
  @Test(
    "files that torch.save writes of other things than tensors are refused by name",
    arguments: [
      ("skip_data.pth", Fault.Code.torchSkippedData, "skip_data"),
      ("complex128.pth", .torchElementType, "torch.ComplexDoubleStorage"),
      ("conjugate.pth", .torchTensor, "conjugated"),
      ("sparse.pth", .forbiddenPickleGlobal, "torch._utils._rebuild_sparse_tensor"),
      ("quantized.pth", .forbiddenPickleGlobal, "torch._utils._rebuild_qtensor"),
      ("module.pth", .forbiddenPickleGlobal, "torch.nn.modules.linear.Linear"),
      ("module_legacy.pth", .forbiddenPickleGlobal, "__main__.Layer"),
      ("optimizer_object.pth", .forbiddenPickleGlobal, "torch.optim.sgd.SGD"),
      ("list.pth", .noStateDictionary, "a list"),
      ("tensor.pth", .noStateDictionary, "_rebuild_tensor_v2"),
      ("no_tensors.pth", .noStateDictionary, "no mapping"),
      ("ambiguous.pth", .ambiguousStateDictionary, "\"model\", \"model_ema\""),
      ("script.pt", .torchScript, "TorchScript"),
      ("protocol3.pth", .pickleProtocol, "protocol 3"),
      ("protocol4.pth", .pickleProtocol, "protocol 4"),
      ("protocol5.pth", .pickleProtocol, "protocol 5"),
      ("deflated.pth", .torchCompressed, "compressed"),
      ("damaged_storage.pth", .zipChecksum, "checksum"),
    ])
  func foreign(name: String, code: Fault.Code, reason: String) throws {
    let fault = try TorchFixture.outcome(ofFileAt: TorchFixture.path("refused/\(name)"))
    #expect(fault?.code == code, "\(fault.map { "\($0)" } ?? "no fault")")
    #expect(fault?.reason.contains(reason) == true)
    #expect(fault?.code.exitStatus == .invalidData)
  }

  @Test("whoever does not ask for checksums reads damaged storages")
  func uncheckedStorage() throws {
    let path = TorchFixture.path("refused/damaged_storage.pth")
    let checkpoint = try TorchCheckpoint(path: path, checkingStorages: false)
    for tensor in checkpoint.tensors { _ = try checkpoint.copiedBytes(of: tensor.key) }
  }

  private static let pickle = Pickle.of(Pickle.dictionary(("w", Pickle.tensor())))

  @Test("an archive with the wrong members is a fault", arguments: archives)
  func archivesAreRefused(hostile: TorchCase) throws { try hostile.check() }

  static let archives: [TorchCase] = [
    TorchCase("no data.pkl", ZIPBuilder(.init("archive/version", [])).build().bytes, .torchArchive),
    TorchCase(
      "data.pkl in no folder", ZIPBuilder(.init("data.pkl", pickle)).build().bytes, .torchArchive),
    TorchCase(
      "two data.pkl",
      ZIPBuilder(.init("a/data.pkl", pickle), .init("b/data.pkl", pickle)).build().bytes,
      .torchArchive),
    TorchCase(
      "data.pkl twice",
      ZIPBuilder(.init("a/data.pkl", pickle), .init("a/data.pkl", pickle)).build().bytes,
      .zipDuplicateName),
    TorchCase("no version", TorchFile.zip(pickle, notes: [:]), .torchVersion),
    TorchCase("an empty version", TorchFile.zip(pickle, notes: ["version": ""]), .torchVersion),
    TorchCase("version 0", TorchFile.zip(pickle, notes: ["version": "0\n"]), .torchVersion),
    TorchCase("version 11", TorchFile.zip(pickle, notes: ["version": "11\n"]), .torchVersion),
    TorchCase(
      "a version of a kilobyte",
      TorchFile.zip(pickle, notes: ["version": String(repeating: "3", count: 1024)]),
      .torchVersion),
    TorchCase(
      "format version 9",
      TorchFile.zip(pickle, notes: ["version": "3\n", ".format_version": "9"]), .torchVersion),
    TorchCase(
      "a byte order of its own",
      TorchFile.zip(pickle, notes: ["version": "3\n", "byteorder": "middle"]), .torchByteOrder),
    TorchCase(
      "code", TorchFile.zip(pickle, notes: ["version": "3\n", "code/__torch__.py": ""]),
      .torchScript),
    TorchCase(
      "constants", TorchFile.zip(pickle, notes: ["version": "3\n", "constants.pkl": ""]),
      .torchScript),
    TorchCase(
      "a damaged pickle",
      {
        var builder = ZIPBuilder(.init("a/data.pkl", pickle), .init("a/version", [0x33]))
        builder.members[0].checksum ^= 1
        return builder.build().bytes
      }(), .zipChecksum),
    TorchCase("neither a ZIP archive nor a pickle", Array("hello".utf8), .truncated),
  ]

  @Test("a broken file of the legacy format is a fault", arguments: legacy)
  func legacyIsRefused(hostile: TorchCase) throws { try hostile.check() }

  static let legacy: [TorchCase] = [
    TorchCase(
      "another magic number", TorchFile.legacy(magic: Pickle.of(Pickle.integer(7))), .torchLegacy),
    TorchCase(
      "a pickled dictionary", Pickle.of(Pickle.dictionary(("w", Pickle.none))), .torchLegacy),
    TorchCase(
      "protocol 4", [0x80, 4] + TorchFile.legacy().dropFirst(2), .pickleProtocol),
    TorchCase(
      "another version", TorchFile.legacy(version: Pickle.of(Pickle.integer(1002))),
      .torchVersion),
    TorchCase(
      "no word on the machine", TorchFile.legacy(machine: Pickle.of(Pickle.none)), .torchLegacy),
    TorchCase(
      "os.system instead of the machine",
      TorchFile.legacy(machine: Pickle.of(Pickle.call("os", "system", Pickle.text("id")))),
      .forbiddenPickleGlobal),
    TorchCase("no list of keys", TorchFile.legacy(keys: Pickle.of(Pickle.none)), .torchLegacy),
    TorchCase(
      "a number for a key",
      TorchFile.legacy(keys: Pickle.of(Pickle.emptyList, Pickle.integer(0), Pickle.append)),
      .torchLegacy),
    TorchCase(
      "a key twice",
      TorchFile.legacy(
        keys: Pickle.of(
          Pickle.emptyList, Pickle.mark, Pickle.text("0"), Pickle.text("0"), Pickle.appends)),
      .torchLegacy),
    TorchCase(
      "a key that no tensor has",
      TorchFile.legacy(keys: Pickle.of(Pickle.emptyList, Pickle.text("1"), Pickle.append)),
      .torchLegacy),
    TorchCase(
      "a key that is not listed",
      TorchFile.legacy(keys: Pickle.of(Pickle.emptyList), storages: []), .torchMissingStorage),
    TorchCase("no storages", TorchFile.legacy(storages: []), .truncated),
    TorchCase(
      "a storage cut off", TorchFile.legacy(storages: Pickle.little(Int64(4)) + [0, 0]),
      .truncated),
    TorchCase(
      "the largest count",
      TorchFile.legacy(storages: Pickle.little(Int64.max) + TorchFile.fourFloats),
      .torchStorageSize),
    TorchCase(
      "a negative count",
      TorchFile.legacy(storages: Pickle.little(Int64(-4)) + TorchFile.fourFloats),
      .torchStorageSize),
    TorchCase(
      "a huge count that the pickle agrees with",
      TorchFile.legacy(
        Pickle.of(
          Pickle.dictionary(("w", Pickle.tensor(Pickle.storage(count: Pickle.integer(1 << 40)))))),
        storages: Pickle.little(Int64(1 << 40)) + TorchFile.fourFloats),
      .truncated),
    TorchCase("bytes at the end", TorchFile.legacy() + [0], .pickleTrailingBytes),
  ]

  @Test("the legacy file that the others are made from is read")
  func legacyBase() throws {
    #expect(try TorchFixture.outcome(of: TorchFile.legacy()) == nil)
  }

  @Test("a file cut off anywhere is a fault", arguments: ["dtypes.pth", "legacy.pth"])
  func truncation(name: String) throws {
    let bytes = try TorchFixture.bytes("valid/\(name)")
    for count in stride(from: 0, to: bytes.count, by: 13) {
      let fault = try TorchFixture.outcome(of: Array(bytes.prefix(count)))
      #expect(fault != nil, "\(count) bytes")
    }
  }

  @Test(
    "a file with one changed byte opens or is a fault", .timeLimit(.minutes(2)),
    arguments: ["training.pth", "training_legacy.pth", "views.pth"])
  func changedByte(name: String) throws {
    let bytes = try TorchFixture.bytes("valid/\(name)")
    var state: UInt64 = 1
    var faults = 0
    for index in stride(from: 0, to: bytes.count, by: 3) {
      var damaged = bytes
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      damaged[index] ^= UInt8(truncatingIfNeeded: state >> 33) | 1
      if try TorchFixture.outcome(of: damaged) != nil { faults += 1 }
    }
    #expect(faults > bytes.count / 12)
  }
}
