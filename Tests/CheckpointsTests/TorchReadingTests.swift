import Checkpoints
import Diagnostics
import Files
import Foundation
import Tensors
import Testing

@Suite("Reading PyTorch files")
struct TorchReadingTests {
  @Test(
    "every tensor has PyTorch's type, shape and bytes",
    arguments: TorchFixture.expectations.files.keys.sorted())
  func fixture(name: String) throws {
    let expected = try #require(TorchFixture.expectations.files[name])
    // Where several state dicts are in a file, somebody has to choose.
    let isAmbiguous = name == "teacher_student.pth"
    let checkpoint = try TorchCheckpoint(
      path: TorchFixture.path("valid/\(name)"), wrapper: isAmbiguous ? "teacher" : nil)
    #expect(checkpoint.wrapper == expected.wrapper)
    #expect(checkpoint.ignoredEntries == expected.ignored)
    #expect(checkpoint.skippedEntries == expected.skipped)
    #expect(checkpoint.tensors.count == expected.tensors.count)
    for tensor in expected.tensors {
      let name = tensor.name
      let description = try checkpoint.requiredDescription(of: SourceKey(name))
      #expect(description.dtype.rawValue == tensor.dtype, "\(name)")
      #expect(description.shape.extents == tensor.shape, "\(name)")
      let bytes = try checkpoint.copiedBytes(of: SourceKey(name))
      #expect(bytes == [UInt8](Data(base64Encoded: tensor.base64)!), "\(name)")
    }
  }

  @Test("tensors come in ascending order of their names")
  func order() throws {
    let checkpoint = try TorchCheckpoint(path: TorchFixture.path("valid/dtypes.pth"))
    let names = checkpoint.tensors.map(\.key)
    #expect(names == names.sorted())
  }

  /// The digests are those of the reference implementation's safetensors files of these tensors;
  /// the second has `backbone.` before every name.
  @Test(
    "a model has the same tensors here as in its safetensors file",
    arguments: [
      ("beit", "efbfea0d6ee28ae7ab472c9c25691d3017b228637ea6893846d11321daa0d226", 75),
      ("dino_wrapped", "ab5c19e05073e990d15886d5c63d44f7d177ce03f329ed0cbdec651d28ebe1ea", 54),
    ])
  func golden(name: String, digest: String, count: Int) throws {
    let checkpoint = try TorchCheckpoint(path: TorchFixture.path("valid/\(name).pth"))
    #expect(checkpoint.tensors.count == count)
    #expect("\(try contentDigest(of: checkpoint))" == digest)
  }

  @Test("the format's name says which of the two it is")
  func formatNames() throws {
    let zip = try TorchCheckpoint(path: TorchFixture.path("valid/dtypes.pth"))
    #expect(zip.formatName == "PyTorch")
    let legacy = try TorchCheckpoint(path: TorchFixture.path("valid/legacy.pth"))
    #expect(legacy.formatName == "PyTorch (legacy)")
  }

  @Test("content tells the formats apart")
  func recognition() throws {
    let zip = try ZIPArchive(path: TorchFixture.path("valid/dtypes.pth"))
    #expect(TorchCheckpoint.recognises(zip))
    let script = try ZIPArchive(path: TorchFixture.path("refused/script.pt"))
    #expect(TorchCheckpoint.recognises(script))
    for (name, isLegacy) in [("legacy.pth", true), ("dtypes.pth", false)] {
      let file = try MappedFile(path: TorchFixture.path("valid/\(name)"))
      let recognised = try file.withBytes { TorchCheckpoint.recognisesLegacy($0) }
      #expect(recognised == isLegacy)
    }
    try withTemporaryFile(ZIPBuilder(.init("a.npy", [])).build().bytes) { path in
      let archive = try ZIPArchive(path: path)
      #expect(!TorchCheckpoint.recognises(archive))
    }
  }

  @Test("a safetensors header's length is not taken for a pickle", arguments: [640, 0x58_0280])
  func headerLength(count: UInt64) throws {
    let bytes = Pickle.little(count) + Array("{}".utf8)
    let isLegacy = TorchCheckpoint.recognisesLegacy(bytes.span.bytes)
    #expect(!isLegacy)
  }

  @Test("Python 2's strings and ordered dictionaries are read")
  func python2() throws {
    let name: [UInt8] = [0x55, 1] + Array("a".utf8)
    let pair = Pickle.emptyList + Pickle.mark + name + Pickle.tensor() + Pickle.appends
    let pickle = Pickle.of(
      Pickle.call("collections", "OrderedDict", Pickle.emptyList + pair + Pickle.append))
    try withTemporaryFile(TorchFile.zip(pickle)) { path in
      let checkpoint = try TorchCheckpoint(path: path)
      #expect(try checkpoint.copiedBytes(of: SourceKey("a")) == TorchFile.fourFloats)
    }
  }

  @Test("a small file may hold an expanded tensor of some megabytes")
  func expanded() throws {
    let size = Pickle.shape(1 << 20, 4)
    let file = TorchFile.zip(
      of: Pickle.tensor(size: size, stride: Pickle.shape(0, 1)))
    try withTemporaryFile(file) { path in
      let checkpoint = try TorchCheckpoint(path: path)
      #expect(try checkpoint.copiedBytes(of: SourceKey("w")).count == 16 << 20)
    }
  }

  @Test("damage to a storage that is not read does no harm")
  func unreadStorage() throws {
    let pickle = Pickle.of(
      Pickle.dictionary(
        ("model", Pickle.dictionary(("w", Pickle.tensor()))),
        (
          "optimizer",
          Pickle.dictionary(("m", Pickle.tensor(Pickle.storage(key: Pickle.text("1")))))
        )))
    #expect(try TorchFixture.outcome(of: TorchFile.zip(pickle)) == nil)
  }

  @Test("a missing tensor is a fault that names it")
  func missing() throws {
    let checkpoint = try TorchCheckpoint(path: TorchFixture.path("valid/dtypes.pth"))
    let fault = try fault { _ = try checkpoint.copiedBytes(of: SourceKey("nothing")) }
    #expect(fault?.code == .missingTensor)
    #expect(fault?.place.tensor == "nothing")
  }
}
