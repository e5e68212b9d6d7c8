import Diagnostics
import Files
import Foundation
import ModelZoo
import Testing

@Suite("Folder mirrors")
struct FolderMirrorTests {
  private let sandbox: Sandbox
  private let mirror: FolderMirror
  private let bytes = Array("right".utf8)

  init() throws {
    sandbox = try Sandbox()
    mirror = FolderMirror(folder: sandbox("mirror"))
    try sandbox.makeFolder("mirror")
    try sandbox.write(bytes, to: "secret")
  }

  private func open() throws -> (any MirroredFile)? {
    try mirror.open(Samples.file(holding: bytes), of: ZooName("sample"))
  }

  private func refusal(sourceLocation: SourceLocation = #_sourceLocation) -> Fault.Code? {
    #expect(throws: Fault.self, sourceLocation: sourceLocation) { _ = try open() }?.code
  }

  private func contents(_ file: any MirroredFile) throws -> [UInt8] {
    var all: [UInt8] = []
    try file.read { piece in
      for offset in 0..<piece.byteCount {
        all.append(piece.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
      }
    }
    return all
  }

  @Test("looks in the folder of the id first, then in the folder itself")
  func order() throws {
    #expect(try open() == nil)
    try sandbox.write(bytes, to: "mirror/weights.bin")
    #expect(try open()?.place == sandbox("mirror/weights.bin"))
    try sandbox.write(bytes, to: "mirror/sample/weights.bin")
    #expect(try open()?.place == sandbox("mirror/sample/weights.bin"))
  }

  @Test("follows links that stay inside, through a mirror that is a link itself")
  func linksInside() throws {
    try sandbox.write(bytes, to: "mirror/blobs/1234")
    try sandbox.link("mirror/sample/weights.bin", to: "../blobs/1234")
    let file = try #require(try open())
    #expect(try contents(file) == bytes)
    try sandbox.link("alias", to: sandbox("mirror"))
    let alias = FolderMirror(folder: sandbox("alias"))
    #expect(try alias.open(Samples.file(holding: bytes), of: ZooName("sample")) != nil)
  }

  @Test(
    "refuses links that lead out, whatever way they take",
    arguments: ["../secret", "ABSOLUTE", "sideways/../../secret", "../mirror-twin/weights.bin"])
  func linksOutside(target: String) throws {
    try sandbox.makeFolder("mirror/sideways")
    try sandbox.write(bytes, to: "mirror-twin/weights.bin")
    try sandbox.link(
      "mirror/weights.bin", to: target == "ABSOLUTE" ? sandbox("secret") : target)
    #expect(refusal() == .outsideMirror)
  }

  @Test("refuses a folder of the id that leads out")
  func folderOutside() throws {
    try sandbox.write(bytes, to: "elsewhere/weights.bin")
    try sandbox.link("mirror/sample", to: sandbox("elsewhere"))
    #expect(refusal() == .outsideMirror)
  }

  @Test("refuses a chain of links whose last one leads out")
  func chainOutside() throws {
    try sandbox.link("mirror/weights.bin", to: "one")
    try sandbox.link("mirror/one", to: "two")
    try sandbox.link("mirror/two", to: "../secret")
    #expect(refusal() == .outsideMirror)
  }

  @Test("reports links that go round in a circle")
  func circle() throws {
    try sandbox.link("mirror/weights.bin", to: "other")
    try sandbox.link("mirror/other", to: "weights.bin")
    #expect(refusal() == .unreadable)
  }

  @Test("a link to nothing is a file that is not there")
  func dangling() throws {
    try sandbox.link("mirror/weights.bin", to: "gone")
    #expect(try open() == nil)
  }

  @Test("refuses a pipe without waiting for anybody to write to it", .timeLimit(.minutes(1)))
  func pipe() throws {
    mkfifo(sandbox("mirror/weights.bin"), 0o600)
    #expect(refusal() == .notRegularFile)
  }

  @Test("refuses a folder and a device")
  func notFiles() throws {
    try sandbox.makeFolder("mirror/weights.bin")
    #expect(refusal() == .notRegularFile)
    let devices = FolderMirror(folder: "/dev")
    let fault = #expect(throws: Fault.self) {
      _ = try devices.open(Samples.file("zero", holding: bytes), of: ZooName("sample"))
    }
    #expect(fault?.code == .notRegularFile)
  }

  @Test("reads what it opened, though the name meanwhile leads elsewhere")
  func exchangedName() throws {
    try sandbox.write(bytes, to: "mirror/weights.bin")
    let file = try #require(try open())
    try FileManager.default.removeItem(atPath: sandbox("mirror/weights.bin"))
    try sandbox.write(Array("other".utf8), to: "mirror/weights.bin")
    #expect(try contents(file) == bytes)
  }

  @Test("a file that is cut short under the reader is a fault and no crash")
  func truncated() throws {
    try sandbox.write(Samples.large, to: "mirror/weights.bin")
    let file = try #require(try open())
    var seen = 0
    let fault = #expect(throws: Fault.self) {
      try file.read { piece in
        seen += piece.byteCount
        truncate(sandbox("mirror/weights.bin"), 10)
      }
    }
    #expect(fault?.code == .changedWhileReading)
    #expect(seen < Samples.large.count)
  }

  @Test("a file that grows is read as long as it was")
  func growing() throws {
    try sandbox.write(bytes, to: "mirror/weights.bin")
    let file = try #require(try open())
    try sandbox.write(bytes + bytes, to: "mirror/other")
    truncate(sandbox("mirror/weights.bin"), 1 << 30)
    #expect(try contents(file).count == bytes.count)
  }

  @Test("an index that contradicts the entry stops the fetch before a byte is read")
  func contradictingIndex() throws {
    try sandbox.write(bytes, to: "mirror/weights.bin")
    let claim = try MirrorIndex.File(
      name: RelativePath("weights.bin"), size: 5, digest: Samples.digest(of: [1]))
    let index = try MirrorIndex(files: [claim])
    try sandbox.write(Array(index.document.text().utf8), to: "mirror/mirror-index.json")
    #expect(refusal() == .wrongDigest)
    try sandbox.write(
      Array(#"{"formatVersion": 1, "files": []}"#.utf8), to: "mirror/mirror-index.json")
    #expect(try open() != nil)
    try sandbox.write(Array("{".utf8), to: "mirror/mirror-index.json")
    #expect(refusal() == .invalidDocument)
    try sandbox.write([], to: "mirror/mirror-index.json")
    truncate(sandbox("mirror/mirror-index.json"), 1 << 40)
    #expect(refusal() == .overLimit)
  }
}
