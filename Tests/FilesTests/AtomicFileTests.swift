import Diagnostics
import Files
import Foundation
import Testing

@Suite("Writing files whole or not at all")
struct AtomicFileTests {
  private let sandbox: Sandbox

  init() throws { sandbox = try Sandbox() }

  private func write(_ bytes: [UInt8], to name: String, replacing: Bool = false) throws {
    let file = try AtomicFile(destination: sandbox(name), replacing: replacing)
    try file.write(bytes)
    try file.commit()
  }

  @Test("pieces of any size end up one after another")
  func pieces() throws {
    let file = try AtomicFile(destination: sandbox("file"), replacing: false)
    var expected: [UInt8] = []
    for size in [0, 1, 1 << 20, 3, (1 << 20) - 1, 1, 1, 5 << 20, 700_000, 700_000] {
      let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
      try file.write(piece)
      expected += piece
    }
    try file.write("text")
    expected += Array("text".utf8)
    #expect(file.byteCount == expected.count)
    try file.commit()
    #expect(try sandbox.read("file") == expected)
    #expect(sandbox.listing == ["file"])
  }

  @Test("until it is committed the file is hidden under another name")
  func temporaryName() throws {
    let file = try AtomicFile(destination: sandbox("file.bin"), replacing: false)
    try file.write([1])
    let name = try #require(sandbox.listing.first)
    #expect(sandbox.listing.count == 1)
    #expect(name.hasPrefix(".file.bin."))
    #expect(name.hasSuffix(".partial"))
    try file.commit()
    #expect(sandbox.listing == ["file.bin"])
  }

  @Test("a finished file is closed, takes no more, and gets its name when it is committed")
  func finished() throws {
    let file = try AtomicFile(destination: sandbox("file"), replacing: false)
    try file.write([1, 2])
    #expect(openFiles(in: sandbox("")) == 1)
    try file.finish()
    try file.finish()
    #expect(openFiles(in: sandbox("")) == 0)
    #expect(sandbox.listing.count == 1)
    #expect(sandbox.listing != ["file"])
    let fault = #expect(throws: Fault.self) { try file.write([3]) }
    #expect(fault?.code == .writeFailed)
    try file.commit()
    #expect(try sandbox.read("file") == [1, 2])
    do {
      let other = try AtomicFile(destination: sandbox("other"), replacing: false)
      try other.finish()
      #expect(sandbox.listing.count == 2)
    }
    #expect(sandbox.listing == ["file"])
  }

  /// How many of this process's open files lie in `folder`.
  private func openFiles(in folder: String) -> Int {
    let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    let paths = descriptors.compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
    }
    return paths.count { $0.hasPrefix(folder) }
  }

  @Test("a file that is dropped leaves nothing, and what was there before stays")
  func dropped() throws {
    try sandbox.write([7], to: "old")
    for name in ["old", "new"] {
      do {
        let file = try AtomicFile(destination: sandbox(name), replacing: true)
        try file.write([UInt8](repeating: 1, count: 3 << 20))
        #expect(sandbox.listing.count == 2)
      }
      #expect(sandbox.listing == ["old"])
    }
    #expect(try sandbox.read("old") == [7])
  }

  @Test("an existing file is replaced only on demand")
  func replacing() throws {
    try sandbox.write([7], to: "file")
    let refusal = fault { try write([1], to: "file") }
    #expect(refusal?.code == .cannotCreate)
    #expect(refusal?.remedy?.contains("--force") == true)
    #expect(try sandbox.read("file") == [7])
    try write([1, 2], to: "file", replacing: true)
    #expect(try sandbox.read("file") == [1, 2])
    #expect(sandbox.listing == ["file"])
  }

  @Test("a file that appears while ours is being written is not replaced")
  func race() throws {
    do {
      let file = try AtomicFile(destination: sandbox("file"), replacing: false)
      try file.write([1])
      try sandbox.write([7], to: "file")
      #expect(fault { try file.commit() }?.code == .cannotCreate)
    }
    #expect(try sandbox.read("file") == [7])
    #expect(sandbox.listing == ["file"])
  }

  @Test("of two that write one file without replacing, the first to finish wins")
  func twoWriters() throws {
    let first = try AtomicFile(destination: sandbox("file"), replacing: false)
    let second = try AtomicFile(destination: sandbox("file"), replacing: false)
    try first.write([1])
    try second.write([2])
    try second.commit()
    #expect(fault { try first.commit() }?.code == .cannotCreate)
    #expect(try sandbox.read("file") == [2])
  }

  @Test("a link is replaced and what it leads to is not touched")
  func links() throws {
    try sandbox.write([7], to: "blob")
    try sandbox.link("link", to: "blob")
    #expect(fault { try write([1], to: "link") }?.code == .cannotCreate)
    try write([1], to: "link", replacing: true)
    #expect(try sandbox.read("blob") == [7])
    #expect(try sandbox.read("link") == [1])
    #expect(sandbox.destination(ofLink: "link") == nil)
  }

  @Test("a link that leads nowhere counts as existing")
  func danglingLinks() throws {
    try sandbox.link("link", to: "nowhere")
    #expect(fault { try write([1], to: "link") }?.code == .cannotCreate)
    #expect(sandbox.destination(ofLink: "link") == "nowhere")
    try write([1], to: "link", replacing: true)
    #expect(sandbox.listing == ["link"])
  }

  @Test("folders, devices and names that are none cannot be written")
  func noFiles() throws {
    try sandbox.makeFolder("folder")
    try sandbox.link("link", to: "folder")
    #expect(mkfifo(sandbox("pipe"), 0o600) == 0)
    for name in ["folder", "folder/", "link", "pipe", "new/", "missing/file", ".", "..", "pipe/x"] {
      #expect(fault { try write([1], to: name, replacing: true) }?.code == .cannotCreate, "\(name)")
    }
    for path in ["", "/", "/dev/null"] {
      let refusal = fault { _ = try AtomicFile(destination: path, replacing: true) }
      #expect(refusal?.code == .cannotCreate, "\(path)")
    }
    #expect(sandbox.listing == ["folder", "link", "pipe"])
  }

  @Test("a missing folder comes with what to do")
  func missingFolder() {
    #expect(fault { try write([1], to: "missing/file") }?.remedy == "make the folder first")
  }

  @Test("the longest name that a file can have is written", arguments: ["x", "é", "🧠"])
  func longNames(letter: String) throws {
    let name = String(repeating: letter, count: 255 / letter.utf8.count)
    try write([1], to: name)
    #expect(sandbox.listing == [name])
    let longer = name + "xxxx"
    #expect(fault { try write([1], to: longer) } != nil)
    #expect(sandbox.listing == [name])
  }

  @Test("permissions follow the process's mask")
  func permissions() throws {
    let mask = umask(0)
    umask(mask)
    try write([1], to: "file")
    #expect(sandbox.permissions(of: "file") == 0o666 & ~mask)
  }

  @Test("names with spaces, quotes, colons and accents are written as they are")
  func oddNames() throws {
    for name in ["a b", "'", "\"", "a:b", "~", "%20", "-x", "a\nb", "ü"] {
      try write([1], to: name)
      #expect(try sandbox.read(name) == [1])
    }
    #expect(sandbox.listing.count == 9)
  }
}

@Suite("Writing where there is no room", .enabled(if: SmallDisk.isAvailable))
struct FullDiskTests {
  @Test("a full disk is a fault with what to do, and leaves nothing")
  func fullDisk() throws {
    let disk = try SmallDisk(options: "size=64k")
    try disk.folder.write([7], to: "file")
    let file = try AtomicFile(destination: disk.folder("file"), replacing: true)
    let refusal = try #require(fault { try file.write([UInt8](repeating: 1, count: 2 << 20)) })
    #expect(refusal.code == .writeFailed)
    #expect(refusal.remedy?.contains("space") == true)
    #expect(disk.folder.listing == ["file"])
    #expect(try disk.folder.read("file") == [7])
  }

  @Test("a full disk that shows only at the end is a fault, too")
  func fullAtCommit() throws {
    let disk = try SmallDisk(options: "size=64k")
    let file = try AtomicFile(destination: disk.folder("file"), replacing: false)
    try file.write([UInt8](repeating: 1, count: 100_000))
    #expect(fault { try file.commit() }?.code == .writeFailed)
    #expect(disk.folder.listing.isEmpty)
  }

  @Test("what could not be written whole is never committed")
  func committingAfterFailure() throws {
    let disk = try SmallDisk(options: "size=64k")
    let file = try AtomicFile(destination: disk.folder("file"), replacing: false)
    #expect(fault { try file.write([UInt8](repeating: 1, count: 2 << 20)) } != nil)
    #expect(fault { try file.commit() }?.code == .writeFailed)
    #expect(fault { try file.commit() }?.code == .writeFailed)
    #expect(disk.folder.listing.isEmpty)
  }

  @Test("a disk that is read only is a fault before anything is written")
  func readOnly() throws {
    let disk = try SmallDisk(options: "size=64k,ro")
    let refusal = fault { _ = try AtomicFile(destination: disk.folder("file"), replacing: false) }
    #expect(refusal?.code == .cannotCreate)
  }
}
