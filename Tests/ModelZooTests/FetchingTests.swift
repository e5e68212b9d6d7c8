import Diagnostics
import Files
import Foundation
import ModelZoo
import Testing

@Suite("Fetching")
struct FetchingTests {
  private let sandbox: Sandbox
  private let store: Store
  private let mirror: FolderMirror
  private let right = Array("right".utf8)

  init() throws {
    sandbox = try Sandbox()
    store = Store(folder: sandbox("store"))
    mirror = FolderMirror(folder: sandbox("mirror"))
    try sandbox.makeFolder("mirror")
  }

  @Test("brings every file into the store under the entry's id, whole")
  func fetches() throws {
    try sandbox.write(Samples.large, to: "mirror/weights.bin")
    try sandbox.write(right, to: "mirror/sample/more/small.bin")
    let entry = try Samples.entry(files: [
      Samples.file(holding: Samples.large), Samples.file("more/small.bin", holding: right),
    ])
    var progress: [FetchProgress] = []
    let fetched = try store.fetch(entry, from: [mirror]) { progress.append($0) }

    #expect(try sandbox.read("store/sample/weights.bin") == Samples.large)
    #expect(try sandbox.read("store/sample/more/small.bin") == right)
    #expect(
      sandbox.listing("store")
        == ["sample", "sample/more", "sample/more/small.bin", "sample/weights.bin"])
    #expect(
      fetched.map(\.path)
        == [sandbox("store/sample/weights.bin"), sandbox("store/sample/more/small.bin")])
    #expect(
      fetched.map(\.source)
        == [sandbox("mirror/weights.bin"), sandbox("mirror/sample/more/small.bin")])
    #expect(progress.count > 2)
    #expect(progress.last?.bytesDone == right.count)
    #expect(progress.contains { $0.bytesDone == Samples.large.count })
  }

  @Test("puts files straight into a folder that the user names")
  func flatLayout() throws {
    try sandbox.write(right, to: "mirror/weights.bin")
    let folder = Store(folder: sandbox("chosen"), layout: .flat)
    try folder.fetch(Samples.entry(holding: right), from: [mirror])
    #expect(sandbox.listing("chosen") == ["weights.bin"])
  }

  @Test("has nothing to do when the store's file has the right digest, mirror or not")
  func alreadyThere() throws {
    try sandbox.write(right, to: "store/sample/weights.bin")
    let before = try FileManager.default.attributesOfItem(
      atPath: sandbox("store/sample/weights.bin"))
    let missing = FolderMirror(folder: sandbox("nowhere"))
    let fetched = try store.fetch(Samples.entry(holding: right), from: [missing])
    let after = try FileManager.default.attributesOfItem(
      atPath: sandbox("store/sample/weights.bin"))
    #expect(fetched.map(\.source) == [nil])
    #expect(before[.systemFileNumber] as? Int == after[.systemFileNumber] as? Int)
  }

  @Test("trusts no name and no size: a file of equal length with other bytes is not the one")
  func sameLengthOtherBytes() throws {
    try sandbox.write(Array("wrong".utf8), to: "store/sample/weights.bin")
    try sandbox.write(right, to: "mirror/weights.bin")
    let entry = try Samples.entry(holding: right)
    let fault = #expect(throws: Fault.self) { try store.fetch(entry, from: [mirror]) }
    #expect(fault?.code == .differsFromEntry)
    #expect(fault?.code.exitStatus == .cannotCreateOutput)
    #expect(try sandbox.read("store/sample/weights.bin") == Array("wrong".utf8))

    try store.fetch(entry, from: [mirror], replacing: true)
    #expect(try sandbox.read("store/sample/weights.bin") == right)
    #expect(sandbox.listing("store") == ["sample", "sample/weights.bin"])
  }

  @Test("a replacement that turns out wrong leaves the old file alone")
  func failedReplacement() throws {
    try sandbox.write(Array("older".utf8), to: "store/sample/weights.bin")
    try sandbox.write(Array("wrong".utf8), to: "mirror/weights.bin")
    let entry = try Samples.entry(holding: right)
    let fault = #expect(throws: Fault.self) {
      try store.fetch(entry, from: [mirror], replacing: true)
    }
    #expect(fault?.code == .wrongDigest)
    #expect(try sandbox.read("store/sample/weights.bin") == Array("older".utf8))
    #expect(sandbox.listing("store") == ["sample", "sample/weights.bin"])
  }

  @Test("takes the first mirror that has the file with the right size")
  func severalMirrors() throws {
    try sandbox.write(Array("too long".utf8), to: "second/weights.bin")
    try sandbox.write(right, to: "third/weights.bin")
    let mirrors = ["mirror", "second", "nowhere", "third"].map { FolderMirror(folder: sandbox($0)) }
    let fetched = try store.fetch(Samples.entry(holding: right), from: mirrors)
    #expect(fetched.first?.source == sandbox("third/weights.bin"))
  }

  @Test("eight fetchers at once leave one right file and nothing else")
  func concurrentFetchers() async throws {
    try sandbox.write(Samples.large, to: "mirror/weights.bin")
    let entry = try Samples.entry(holding: Samples.large)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { [store, mirror] in try store.fetch(entry, from: [mirror]) }
      }
      try await group.waitForAll()
    }
    #expect(try sandbox.read("store/sample/weights.bin") == Samples.large)
    #expect(sandbox.listing("store") == ["sample", "sample/weights.bin"])
  }

  @Test("a file that another fetcher brought in between is taken, a wrong one is not replaced")
  func overtaken() throws {
    let path = sandbox("store/sample/weights.bin")
    try sandbox.makeFolder("store/sample")
    for (bytes, isRight) in [(right, true), (Array("wrong".utf8), false)] {
      try? FileManager.default.removeItem(atPath: path)
      let mirror = FakeMirror(
        byteCount: 5, asked: { try Data(bytes).write(to: URL(fileURLWithPath: path)) },
        read: { body in try body(Array("right".utf8).span.bytes) })
      let entry = try Samples.entry(holding: right)
      if isRight {
        #expect(try store.fetch(entry, from: [mirror]).map(\.source) == [nil])
      } else {
        let fault = #expect(throws: Fault.self) { try store.fetch(entry, from: [mirror]) }
        #expect(fault?.code == .cannotCreate)
      }
      #expect(try sandbox.read("store/sample/weights.bin") == bytes)
      #expect(sandbox.listing("store") == ["sample", "sample/weights.bin"])
    }
  }

  @Test("brings the bundled model out of the tree's own mirror")
  func bundledModel() throws {
    let entry = try Catalogue().entry(ZooName("beit-tiny-brain-2d"))
    let fetched = try store.fetch(
      entry, from: [FolderMirror(folder: checkout("Zoo/Reference"))])
    #expect(fetched.map(\.name.description) == entry.files.map(\.name.description))
    #expect(
      try store.resolve(entry) == sandbox("store/beit-tiny-brain-2d/beit-tiny-brain-2d.safetensors")
    )
  }
}
