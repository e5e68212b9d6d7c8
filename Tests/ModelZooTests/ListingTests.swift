import Diagnostics
import Documents
import ModelZoo
import Testing

@Suite("Listings")
struct ListingTests {
  private let sandbox: Sandbox
  private let store: Store
  private let mirror: FolderMirror
  private let bytes = Array("right".utf8)
  private let entry: ModelEntry

  init() throws {
    sandbox = try Sandbox()
    store = Store(folder: sandbox("store"))
    mirror = FolderMirror(folder: sandbox("mirror"))
    try sandbox.makeFolder("mirror")
    entry = try Samples.entry(files: [
      Samples.file("a.bin", holding: bytes), Samples.file("b.bin", holding: bytes),
    ])
  }

  private func current() throws -> Listing.Availability? {
    try Listing([entry], store: store, mirrors: [mirror]).rows.first?.availability
  }

  @Test("says where an entry's files lie")
  func availability() throws {
    #expect(try current() == .absent)
    try sandbox.write(bytes, to: "mirror/a.bin")
    #expect(try current() == .absent)
    try sandbox.write(bytes, to: "mirror/b.bin")
    #expect(try current() == .inMirror)
    try sandbox.write(bytes, to: "store/sample/a.bin")
    #expect(try current() == .partlyInStore)
    try sandbox.write(bytes + bytes, to: "store/sample/b.bin")
    #expect(try current() == .partlyInStore)
    try sandbox.write(bytes, to: "store/sample/b.bin")
    #expect(try current() == .inStore)
  }

  @Test("what a mirror must not hand out is not available; a missing mirror is a fault")
  func hostileMirror() throws {
    try sandbox.write(bytes, to: "mirror/a.bin")
    try sandbox.write(bytes, to: "secret")
    try sandbox.link("mirror/b.bin", to: "../secret")
    #expect(try current() == .absent)
    let fault = #expect(throws: Fault.self) {
      try Listing([entry], store: nil, mirrors: [FolderMirror(folder: sandbox("nowhere"))])
    }
    #expect(fault?.code == .mirrorUnavailable)
  }

  @Test("a row has a cell for every column")
  func cells() throws {
    let rows = try Listing(Catalogue().entries, store: nil).rows
    #expect(rows.allSatisfy { $0.cells.count == Listing.columns.count })
    let cells = rows.map(\.cells)
    #expect(
      cells.contains(["beit-tiny-brain-2d", "beit", "7.0 MB", "published", "MIT", "absent"]))
    #expect(
      cells.contains([
        "torchvision-swin-t", "torchvision-swin", "unknown", "prefix only", "BSD-3-Clause",
        "absent",
      ]))
  }

  @Test("the document of a listing has every entry as it was")
  func document() throws {
    let entries = try Catalogue().entries
    let document = try Listing(entries, store: nil).document
    let models = try JSONReader(document).member("models").elements()
    let again = try models.map { try ModelEntry(reading: $0.member("entry")) }
    #expect(again == entries)
  }

  @Test("a terminal sees no control characters of a licence")
  func terminal() throws {
    let licence = try Licence.text(
      ProseText("free\u{202E}eerf"), address: WebAddress("https://example.org"))
    let entry = try ModelEntry(
      id: ZooName("a"), title: ProseText("A"), family: ZooName("a"), hyperparameters: [:],
      files: [Samples.file(holding: [1])], licence: licence, trainingData: ProseText("a"),
      objective: ProseText("a"))
    let cells = try #require(Listing([entry], store: nil).rows.first).cells
    #expect(cells[4] == "free\\u{202e}eerf")
  }

  @Test(
    "sizes are told in powers of a thousand, rounded to tenths",
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1049, "1.0 kB"), (1050, "1.1 kB"),
      (999_949, "999.9 kB"), (999_950, "1.0 MB"), (3_480_342, "3.5 MB"), (375_042_383, "375.0 MB"),
      (412_815_506, "412.8 MB"), (1_200_000_000, "1.2 GB"), (1 << 50, "1.1 PB"),
      (Int.max, "9223.4 PB"),
    ])
  func sizes(bytes: Int, text: String) {
    #expect(byteCountText(bytes) == text)
  }
}
