import Checkpoints
import Diagnostics
import Tensors
import Testing

@Suite("Finding the state dict in a PyTorch file")
struct TorchWrapperTests {
  private static let one = Pickle.dictionary(("w", Pickle.tensor()))

  @Test("several state dicts are listed, and one can be chosen")
  func choice() throws {
    let path = TorchFixture.path("valid/teacher_student.pth")
    let fault = try #require(try fault { _ = try TorchCheckpoint(path: path) })
    #expect(fault.code == .ambiguousStateDictionary)
    #expect(fault.reason.contains("\"teacher\", \"student\""))
    #expect(fault.remedy?.contains("--wrapper teacher") == true)
    for wrapper in ["teacher", "student"] {
      let checkpoint = try TorchCheckpoint(path: path, wrapper: wrapper)
      #expect(checkpoint.wrapper == wrapper)
    }
  }

  @Test("a wrapper that is not there is a fault that lists those that are")
  func missing() throws {
    let path = TorchFixture.path("valid/teacher_student.pth")
    let fault = try #require(try fault { _ = try TorchCheckpoint(path: path, wrapper: "ema") })
    #expect(fault.code == .missingWrapper)
    #expect(fault.remedy?.contains("\"student\"") == true)
  }

  @Test("known wrappers win over tensors and other mappings beside them")
  func precedence() throws {
    let pickle = Pickle.of(
      Pickle.dictionary(
        ("best_acc1", Pickle.tensor()), ("model", Self.one), ("prototypes", Self.one)))
    try expect(pickle, wrapper: "model", skipped: ["best_acc1", "prototypes"])
  }

  @Test("tensors win over mappings of unknown names")
  func flat() throws {
    let pickle = Pickle.of(
      Pickle.dictionary(("w", Pickle.tensor()), ("extra", Self.one)))
    try expect(pickle, wrapper: nil, ignored: ["extra"])
  }

  @Test("the only mapping with tensors is taken whatever its name")
  func onlyOne() throws {
    let pickle = Pickle.of(
      Pickle.dictionary(("epoch", Pickle.integer(3)), ("generator", Self.one)))
    try expect(pickle, wrapper: "generator", skipped: ["epoch"])
  }

  @Test("of two mappings with unknown names somebody has to choose one")
  func twoUnknown() throws {
    let pickle = Pickle.of(
      Pickle.dictionary(("generator", Self.one), ("discriminator", Self.one)))
    #expect(
      try TorchFixture.outcome(of: TorchFile.zip(pickle))?.code == .ambiguousStateDictionary)
    try withTemporaryFile(TorchFile.zip(pickle)) { path in
      let checkpoint = try TorchCheckpoint(path: path, wrapper: "discriminator")
      #expect(checkpoint.wrapper == "discriminator")
    }
  }

  @Test("a wrapper within a wrapper is named by both keys")
  func nested() throws {
    let inner = Pickle.dictionary(("student", Self.one), ("teacher", Self.one))
    let pickle = Pickle.of(Pickle.dictionary(("model", inner)))
    try withTemporaryFile(TorchFile.zip(pickle)) { path in
      let fault = try fault { _ = try TorchCheckpoint(path: path) }
      #expect(fault?.reason.contains("\"model/student\"") == true)
      let checkpoint = try TorchCheckpoint(path: path, wrapper: "model/teacher")
      #expect(checkpoint.wrapper == "model/teacher")
    }
  }

  private func expect(
    _ pickle: [UInt8], wrapper: String?, ignored: [String] = [], skipped: [String] = []
  ) throws {
    try withTemporaryFile(TorchFile.zip(pickle)) { path in
      let checkpoint = try TorchCheckpoint(path: path)
      #expect(checkpoint.wrapper == wrapper)
      #expect(checkpoint.tensors.map(\.key.name) == ["w"])
      #expect(checkpoint.ignoredEntries == ignored)
      #expect(checkpoint.skippedEntries == skipped)
    }
  }
}
