import Diagnostics
import Files
import ModelZoo
import Testing

@Suite("Stores")
struct StoreTests {
  private let sandbox: Sandbox
  private let store: Store
  private let right = Array("right".utf8)

  init() throws {
    sandbox = try Sandbox()
    store = Store(folder: sandbox("store"))
  }

  @Test("the default folder follows the environment, from the particular to the general")
  func defaultFolder() throws {
    let all = ["INFLATE_CKPT_STORE": "/s", "XDG_CACHE_HOME": "/x", "HOME": "/h"]
    #expect(try Store.defaultFolder(environment: all) == "/s")
    #expect(
      try Store.defaultFolder(environment: all.filter { $0.key != "INFLATE_CKPT_STORE" })
        == "/x/inflate-ckpt")
    #expect(try Store.defaultFolder(environment: ["HOME": "/h"]) == "/h/.cache/inflate-ckpt")
  }

  @Test("empty variables and a relative XDG_CACHE_HOME count as unset; without HOME it says so")
  func unusableEnvironment() throws {
    let environment = ["INFLATE_CKPT_STORE": "", "XDG_CACHE_HOME": "cache", "HOME": "/h"]
    #expect(try Store.defaultFolder(environment: environment) == "/h/.cache/inflate-ckpt")
    let fault = #expect(throws: Fault.self) { try Store.defaultFolder(environment: [:]) }
    #expect(fault?.code == .usage)
  }

  @Test("resolves an entry to its first file that is there, and to a file by name")
  func resolves() throws {
    let entry = try Samples.entry(files: [
      Samples.file("a.bin", holding: right), Samples.file("b.bin", holding: right),
    ])
    try sandbox.write(right, to: "store/sample/b.bin")
    #expect(try store.resolve(entry) == sandbox("store/sample/b.bin"))
    try sandbox.write(right, to: "store/sample/a.bin")
    #expect(try store.resolve(entry) == sandbox("store/sample/a.bin"))
    #expect(try store.resolve(entry, file: "b.bin") == sandbox("store/sample/b.bin"))
    let fault = #expect(throws: Fault.self) { try store.resolve(entry, file: "c.bin") }
    #expect(fault?.code == .usage)
  }

  @Test("says that a model was not fetched, and how to fetch it")
  func notFetched() throws {
    let fault = #expect(throws: Fault.self) {
      try store.resolve(Samples.entry(holding: right))
    }
    #expect(fault?.code == .notFetched)
    #expect(fault?.remedy?.contains("zoo fetch sample") == true)
  }

  @Test("a file that rotted in the store stops whoever wanted to use it")
  func rotted() throws {
    let entry = try Samples.entry(holding: right)
    try sandbox.write(Array("rigth".utf8), to: "store/sample/weights.bin")
    let fault = #expect(throws: Fault.self) { try store.resolve(entry) }
    #expect(fault?.code == .wrongDigest)
    try sandbox.write(Array("r".utf8), to: "store/sample/weights.bin")
    let shorter = #expect(throws: Fault.self) { try store.resolve(entry) }
    #expect(shorter?.code == .wrongSize)
  }
}
