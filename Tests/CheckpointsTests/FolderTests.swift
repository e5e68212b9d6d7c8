import Checkpoints
import Diagnostics
import Foundation
import Testing

@Suite("Opening the folders of models")
struct FolderTests {
  private static let torch = TorchFixture.path("valid/state_dict.pth")

  private func outcome(_ files: [(name: String, content: String)]) throws -> (String?, Fault?) {
    try withTemporaryFolder { folder in
      try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(folder)/config.json"))
      for (name, content) in files {
        try Data(contentsOf: URL(fileURLWithPath: content))
          .write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }
      do {
        return (try openCheckpoint(at: folder).formatName, nil)
      } catch let fault as Fault {
        return (nil, fault)
      }
    }
  }

  @Test("the one checkpoint of a usual name is opened, whatever its content")
  func usualNames() throws {
    #expect(try outcome([("pytorch_model.bin", Self.torch)]).0 == "PyTorch")
    #expect(try outcome([("tf_model.h5", Self.torch)]).0 == "PyTorch")
  }

  @Test("a safetensors checkpoint comes before the others")
  func preference() throws {
    let plain = SafetensorsFixture.path("shapes.safetensors")
    let both = [("model.safetensors", plain), ("pytorch_model.bin", Self.torch)]
    #expect(try outcome(both).0 == "safetensors")
  }

  @Test("two others, and none at all, are a question to the user")
  func questions() throws {
    let two = [("pytorch_model.bin", Self.torch), ("tf_model.h5", Self.torch)]
    #expect(try outcome(two).1?.code == .ambiguousFolder)
    #expect(try outcome([("weights.bin", Self.torch)]).1?.code == .missingInput)
  }
}
