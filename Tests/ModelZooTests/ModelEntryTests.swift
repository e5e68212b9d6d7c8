import Diagnostics
import Documents
import Files
import ModelZoo
import SchemaSupport
import Testing

@Suite("Model entries")
struct ModelEntryTests {
  @Test("reads everything that an entry says")
  func readsAll() throws {
    let entry = try ModelEntry(parsing: Array(Samples.fullText.utf8))
    #expect(entry.id.description == "sample-2d")
    #expect(entry.family.description == "beit")
    #expect(entry.hyperparameters == ["hidden": .single(96), "depth": .list([2, 2, 6, 2])])
    #expect(
      entry.files.map(\.name.description)
        == ["sample.safetensors", "old/sample-0123abcd.pth", "sample.npz"])
    #expect(
      entry.files.map(\.digest)
        == [
          .known(Samples.digest(of: Array("right".utf8)), by: .published), .prefix("0123abcd"),
          .unknown,
        ])
    #expect(entry.byteCount == nil)
    #expect(entry.licence.label == "MIT")
    #expect(entry.recipes.map(\.description) == ["sample-to-3d"])
  }

  @Test("an entry written and read again is the same entry")
  func roundTrip() throws {
    let entry = try ModelEntry(parsing: Array(Samples.fullText.utf8))
    let text = entry.document.text()
    let again = try ModelEntry(parsing: Array(text.utf8))
    #expect(again == entry)
    #expect(again.document.text() == text)
  }

  @Test(
    "refuses ids that could be mistaken for something else",
    arguments: [
      "", "Beit", "-beit", ".beit", "_beit", "a..b", "..", "a/b", "a\\b", "a b", "bé", "beit\n",
      "beit\u{0}", "bеit", "ａ", String(repeating: "a", count: 101),
    ])
  func hostileIDs(id: String) {
    let fault = #expect(throws: Fault.self) { try ZooName(id) }
    #expect(fault?.code == .invalidDocument)
  }

  @Test("accepts the ids that publishers use", arguments: ["a", "0", "vit_b-16.v1", "a.b"])
  func ordinaryIDs(id: String) throws {
    #expect(try ZooName(id).description == id)
    #expect(try ZooName(String(repeating: "a", count: 100)).description.count == 100)
  }

  @Test(
    "refuses names of files that could lead out of a folder or be mistaken",
    arguments: [
      "", ".", "..", "../a", "a/..", "a/../b", "a/./b", "/a", "//a", "a//b", "a/", "~/a", "-rf",
      ".hidden", "a/.hidden", "a\\b", "a\u{0}b", "a\nb", "C:a", "a:b", "a*", "é",
      "a\u{202E}b", "%2e%2e/a", " a", String(repeating: "a", count: 201),
      Array(repeating: "aaaaaaaaaa", count: 50).joined(separator: "/"),
    ])
  func hostileNames(name: String) {
    let fault = #expect(throws: Fault.self) { try RelativePath(name) }
    #expect(fault?.code == .invalidDocument)
  }

  @Test(
    "accepts the names that publishers use",
    arguments: [
      "ViT-B_16.npz", "swin_t-704ceda3.pth", "a..b", "snapshots/main/model.safetensors",
      "model (1).pth", "00001-of-00002", "_x",
    ])
  func ordinaryNames(name: String) throws {
    #expect(try RelativePath(name).description == name)
  }

  @Test("points at what is wrong")
  func pointers() throws {
    let cases: [(path: [String], value: JSONValue?, pointer: String)] = [
      (["id"], "Ä", "/id"),
      (["id"], nil, ""),
      (["files", "1", "name"], "../x", "/files/1/name"),
      (["files", "0", "size"], 0, "/files/0/size"),
      (["files", "0", "sha256"], "abc", "/files/0/sha256"),
      (["files", "0", "digestKnownBy"], "hearsay", "/files/0/digestKnownBy"),
      (["files", "0", "digestKnownBy"], nil, "/files/0"),
      (["files", "2", "name"], "sample.safetensors", "/files/2/name"),
      (["licence", "text"], "both", "/licence/text"),
      (["hyperparameters", "hidden"], "many", "/hyperparameters/hidden"),
      (["hyperparameters", "hid den"], 3, "/hyperparameters/hid den"),
      (["sources", "0"], "file:///etc/passwd", "/sources/0"),
      (["colour"], "red", "/colour"),
      (["note"], .null, "/note"),
      (["formatVersion"], 2, "/formatVersion"),
    ]
    for (path, value, pointer) in cases {
      let document = try Samples.full().setting(path[...], to: value)
      let fault = #expect(throws: Fault.self) { try ModelEntry(reading: JSONReader(document)) }
      #expect(fault?.code == .invalidDocument)
      #expect(fault?.place.pointer == pointer)
    }
  }

  @Test("two files cannot have one name, nor one be a folder of the other")
  func collidingFiles() throws {
    for (first, second) in [("a", "a"), ("a/b", "a"), ("a", "a/b/c")] {
      let files = try [first, "z", "a-b", second].map { try Samples.file($0, holding: [1]) }
      let fault = #expect(throws: Fault.self) { try Samples.entry(files: files) }
      #expect(fault?.place.pointer == "/files/3/name")
    }
    let apart = try ["a/b", "a/c", "ab", "b/a"].map { try Samples.file($0, holding: [1]) }
    #expect(try Samples.entry(files: apart).byteCount == 4)
  }

  @Test("a digest known by the name must begin with the digits in the name")
  func namePrefix() throws {
    let digest = Samples.digest(of: [1])
    let digits = digest.description.prefix(8)
    let make = { (name: String) in
      try ModelFile(
        name: RelativePath(name), format: .torch, size: 1, sha256: digest,
        digestKnownBy: .namePrefix)
    }
    #expect(try make("swin_t-\(digits).pth").digest == .known(digest, by: .namePrefix))
    for name in ["swin_t-00000000.pth", "swin_t.pth", "swin_t_\(digits).pth"] {
      #expect(throws: Fault.self) { try make(name) }
    }
  }

  @Test("a hostile document is refused as a whole", arguments: ["", "[]", "{", "nul", "\u{0}"])
  func notAnEntry(text: String) {
    let fault = #expect(throws: Fault.self) { try ModelEntry(parsing: Array(text.utf8)) }
    #expect(fault?.code == .invalidDocument)
  }

  @Test("a text that is too large or too deep is refused before it is read")
  func limits() {
    let large = Array(repeating: UInt8(ascii: " "), count: 2 << 20)
    #expect(#expect(throws: Fault.self) { try ModelEntry(parsing: large) }?.code == .overLimit)
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: Fault.self) { try ModelEntry(parsing: Array(deep.utf8)) }
  }
}
