import Diagnostics
import Files
import Foundation
import ModelZoo
import Testing

/// Every way a fetch goes wrong has its code and leaves the store as it was.
@Suite("Fetches that fail")
struct FailedFetchTests {
  private let sandbox: Sandbox
  private let store: Store
  private let right = Array("right".utf8)

  init() throws {
    sandbox = try Sandbox()
    store = Store(folder: sandbox("cache/store"))
    try sandbox.makeFolder("mirror")
  }

  private func failure(
    fetching entry: ModelEntry? = nil, from mirrors: [any Mirror]? = nil, into other: Store? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Fault? {
    let entry = try entry ?? Samples.entry(holding: right)
    let mirrors = mirrors ?? [FolderMirror(folder: sandbox("mirror"))]
    let fault = #expect(throws: Fault.self, sourceLocation: sourceLocation) {
      try (other ?? store).fetch(entry, from: mirrors)
    }
    #expect(sandbox.listing("cache").isEmpty, sourceLocation: sourceLocation)
    return fault
  }

  @Test("no mirror at all, and a mirror that is not there")
  func noMirror() throws {
    #expect(try failure(from: [])?.code == .mirrorUnavailable)
    let fault = try failure(from: [FolderMirror(folder: sandbox("nowhere"))])
    #expect(fault?.code == .mirrorUnavailable)
    #expect(fault?.code.exitStatus == .mirrorUnavailable)
    #expect(fault?.place.file == sandbox("nowhere"))
    try sandbox.write(right, to: "file")
    #expect(
      try failure(from: [FolderMirror(folder: sandbox("file"))])?.code == .mirrorUnavailable)
  }

  @Test("a mirror without the file, and the message says what was looked for")
  func notInMirror() throws {
    let fault = try failure()
    #expect(fault?.code == .notInMirror)
    #expect(fault?.code.exitStatus == .mirrorUnavailable)
    #expect(fault?.remedy?.contains(sandbox("mirror/sample/weights.bin")) == true)
    #expect(fault?.remedy?.contains(sandbox("mirror/weights.bin")) == true)
  }

  @Test("a file that is too short, too long or gigantic is refused by its size")
  func wrongSize() throws {
    for size in [0, 4, 6, 1 << 40] {
      try sandbox.write([], to: "mirror/weights.bin")
      truncate(sandbox("mirror/weights.bin"), size)
      let fault = try failure()
      #expect(fault?.code == .wrongSize)
      #expect(fault?.reason.contains("\(size) bytes") == true)
    }
  }

  @Test("a wrong digest says what was expected and what was seen")
  func wrongDigest() throws {
    let wrong = Array("wrong".utf8)
    try sandbox.write(wrong, to: "mirror/weights.bin")
    let fault = try failure()
    #expect(fault?.code == .wrongDigest)
    #expect(fault?.code.exitStatus == .invalidData)
    #expect(fault?.reason.contains(Samples.digest(of: right).description) == true)
    #expect(fault?.reason.contains(Samples.digest(of: wrong).description) == true)
  }

  @Test("one wrong file of several is found before or after the others, and no folder is left")
  func wrongSecondFile() throws {
    try sandbox.write(right, to: "mirror/a.bin")
    let entry = try Samples.entry(files: [
      Samples.file("a.bin", holding: right), Samples.file("b.bin", holding: right),
    ])
    #expect(try failure(fetching: entry)?.code == .notInMirror)
    try sandbox.write(right + right, to: "mirror/b.bin")
    #expect(try failure(fetching: entry)?.code == .wrongSize)
  }

  @Test("a file that is cut short or changed while it is copied")
  func changedMeanwhile() throws {
    let bytes = Samples.large
    let entry = try Samples.entry(holding: bytes)
    let short = FakeMirror(byteCount: bytes.count) { body in
      try body(bytes.span.bytes.extracting(0..<1000))
    }
    #expect(try failure(fetching: entry, from: [short])?.code == .wrongSize)
    let swapped = FakeMirror(byteCount: bytes.count) { body in
      var bytes = bytes
      bytes[bytes.count - 1] ^= 1
      try body(bytes.span.bytes)
    }
    #expect(try failure(fetching: entry, from: [swapped])?.code == .wrongDigest)
    let broken = FakeMirror(byteCount: bytes.count) { body in
      try body(bytes.span.bytes.extracting(0..<1000))
      throw Fault(.unreadable, "the cable was pulled")
    }
    #expect(try failure(fetching: entry, from: [broken])?.code == .unreadable)
  }

  @Test("an entry that does not know its file's digest")
  func unknownDigest() throws {
    for (name, provenance) in [("a.bin", nil), ("a-01234567.bin", ModelFile.Provenance.namePrefix)]
    {
      try sandbox.write(right, to: "mirror/\(name)")
      let file = try ModelFile(
        name: RelativePath(name), format: .torch, size: 5, sha256: nil, digestKnownBy: provenance)
      let fault = try failure(fetching: Samples.entry(files: [file]))
      #expect(fault?.code == .unknownDigest)
      #expect(fault?.reason.contains("01234567") == (provenance != nil))
    }
  }

  @Test("a store where nothing can be made")
  func unusableStore() throws {
    try sandbox.write(right, to: "mirror/weights.bin")
    try sandbox.write([], to: "blocked")
    for folder in [sandbox("blocked/store"), "/proc/no/store"] {
      let fault = try failure(into: Store(folder: folder))
      #expect(fault?.code == .cannotCreate)
      #expect(fault?.code.exitStatus == .cannotCreateOutput)
    }
  }

  @Test("a folder where the file should be")
  func folderInTheWay() throws {
    try sandbox.write(right, to: "mirror/weights.bin")
    try sandbox.makeFolder("elsewhere/sample/weights.bin")
    let fault = try failure(into: Store(folder: sandbox("elsewhere")))
    #expect(fault?.code == .notRegularFile)
    #expect(sandbox.listing("elsewhere") == ["sample", "sample/weights.bin"])
  }

  @Test("a read-only disk", .enabled(if: SmallDisk.isAvailable))
  func readOnlyDisk() throws {
    try sandbox.write(right, to: "mirror/weights.bin")
    let disk = try SmallDisk(options: "ro")
    #expect(try failure(into: Store(folder: disk.path))?.code == .cannotCreate)
    #expect(disk.listing.isEmpty)
  }

  @Test("a disk too small is seen before writing", .enabled(if: SmallDisk.isAvailable))
  func smallDisk() throws {
    try sandbox.write(Samples.large, to: "mirror/weights.bin")
    let disk = try SmallDisk(options: "size=256k")
    let fault = try failure(
      fetching: Samples.entry(holding: Samples.large), into: Store(folder: disk.path))
    #expect(fault?.code == .noSpace)
    #expect(fault?.code.exitStatus == .cannotCreateOutput)
    #expect(disk.listing.isEmpty)
  }

  @Test("a disk that somebody else fills meanwhile", .enabled(if: SmallDisk.isAvailable))
  func diskFillingUp() throws {
    let disk = try SmallDisk(options: "size=3m")
    let other = disk.path + "/other"
    let bytes = Samples.large
    let filling = FakeMirror(byteCount: bytes.count) { body in
      try Data(bytes[..<2_000_000]).write(to: URL(fileURLWithPath: other))
      try body(bytes.span.bytes)
    }
    let fault = try failure(
      fetching: Samples.entry(holding: Samples.large), from: [filling],
      into: Store(folder: disk.path))
    #expect(fault?.code == .writeFailed)
    #expect(disk.listing == ["other"])
  }
}
