import BuiltInSchemas
import Foundation
import Testing

@Suite("The folder of schemas")
struct SchemaFolderTests {
  @Test("the binary carries every schema of the folder, byte for byte")
  func listed() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Schemas").path
    let ending = ".schema.json"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }
    #expect(BuiltInSchemas.all.map(\.name) == names.sorted())
    for (name, text) in BuiltInSchemas.all {
      #expect(FileManager.default.contents(atPath: "\(folder)/\(name)\(ending)") == Data(text))
    }
  }
}
