import BuiltInSchemas
import BuiltInZoo
import Diagnostics
import Documents
import Files
import Foundation
import ModelZoo
import SchemaSupport
import Testing

@Suite("The catalogue")
struct CatalogueTests {
  private let sandbox: Sandbox

  init() throws { sandbox = try Sandbox() }

  private func text(_ id: String) throws -> [UInt8] {
    Array(try Samples.full().setting(["id"], to: .string(id)).text().utf8)
  }

  @Test("carries every entry of the folder, byte for byte")
  func listed() throws {
    let folder = checkout("Zoo/Models")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
    #expect(BuiltInZoo.models.map(\.name) == names.sorted())
    for (name, text) in BuiltInZoo.models {
      #expect(FileManager.default.contents(atPath: "\(folder)/\(name).json") == Data(text))
    }
  }

  @Test("every built-in entry is valid by code and by schema, and named after its id")
  func builtIn() throws {
    let schema = try Schema(parsing: #require(BuiltInSchemas.text(of: "model-entry")))
    #expect(BuiltInZoo.models.count >= 9)
    for (name, text) in BuiltInZoo.models {
      let entry = try ModelEntry(parsing: text)
      #expect(entry.id.description == name)
      #expect(try schema.violations(of: JSONValue(parsing: text)).isEmpty, "\(name)")
    }
  }

  @Test("the bundled model's sizes and digests are those of the files beside it")
  func bundledDigests() throws {
    let entry = try Catalogue().entry(ZooName("beit-tiny-brain-2d"))
    #expect(entry.files.count == 2)
    for file in entry.files {
      let path = checkout("Zoo/Reference/\(file.name)")
      #expect(try file.digest == .known(SHA256Digest.ofFile(at: path), by: .published))
      #expect(try file.size == MappedFile(path: path).byteCount)
    }
  }

  @Test("only the bundled model has a digest: none is taken from a third party")
  func noHearsay() throws {
    for entry in try Catalogue().entries where entry.id.description != "beit-tiny-brain-2d" {
      for file in entry.files {
        if case .known = file.digest { Issue.record("\(entry.id) pins \(file.name)") }
      }
    }
  }

  @Test("adds the user's folders and sorts by id")
  func userFolders() throws {
    try sandbox.write(text("zebra"), to: "one/b.json")
    try sandbox.write(text("ant"), to: "two/a.json")
    try sandbox.write(Array("not an entry".utf8), to: "two/README.md")
    try sandbox.write(Array("an editor's".utf8), to: "two/.a.json")
    let catalogue = try Catalogue(
      builtIn: [("m", text("middle"))], folders: [sandbox("one"), sandbox("two")])
    #expect(catalogue.entries.map(\.id.description) == ["ant", "middle", "zebra"])
    #expect(catalogue.entry(named: "zebra")?.id.description == "zebra")
    #expect(catalogue.entry(named: "./zebra") == nil)
    #expect(catalogue.entry(named: "horse") == nil)
    let fault = #expect(throws: Fault.self) { try catalogue.entry(ZooName("horse")) }
    #expect(fault?.code == .unknownModel)
    #expect(fault?.code.exitStatus == .missingInput)
  }

  @Test("refuses two entries with one id and names both")
  func duplicates() throws {
    try sandbox.write(text("same"), to: "one/a.json")
    try sandbox.write(text("same"), to: "two/a.json")
    let fault = #expect(throws: Fault.self) {
      try Catalogue(builtIn: [], folders: [sandbox("one"), sandbox("two")])
    }
    #expect(fault?.code == .duplicateModel)
    #expect(fault?.reason.contains(sandbox("one/a.json")) == true)
    #expect(fault?.place.file == sandbox("two/a.json"))
    let own = #expect(throws: Fault.self) {
      try Catalogue(builtIn: [("s", text("same"))], folders: [sandbox("one")])
    }
    #expect(own?.reason.contains("built-in s") == true)
  }

  @Test("says which file of a folder is wrong, and where in it")
  func wrongEntry() throws {
    try sandbox.write(text("BAD"), to: "one/a.json")
    let fault = #expect(throws: Fault.self) {
      try Catalogue(builtIn: [], folders: [sandbox("one")])
    }
    #expect(fault?.code == .invalidDocument)
    #expect(fault?.place == Fault.Place(file: sandbox("one/a.json"), pointer: "/id"))
  }

  @Test("refuses a folder that is not there, and entries that are no files or far too large")
  func unusable() throws {
    let missing = #expect(throws: Fault.self) {
      try Catalogue(builtIn: [], folders: [sandbox("nowhere")])
    }
    #expect(missing?.code == .missingInput)
    try sandbox.makeFolder("pipes")
    mkfifo(sandbox("pipes/a.json"), 0o600)
    let pipe = #expect(throws: Fault.self) {
      try Catalogue(builtIn: [], folders: [sandbox("pipes")])
    }
    #expect(pipe?.code == .notRegularFile)
    try sandbox.write([], to: "large/a.json")
    truncate(sandbox("large/a.json"), 1 << 40)
    let large = #expect(throws: Fault.self) {
      try Catalogue(builtIn: [], folders: [sandbox("large")])
    }
    #expect(large?.code == .overLimit)
  }
}
