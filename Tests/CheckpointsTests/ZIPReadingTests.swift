import Checkpoints
import Diagnostics
import Foundation
import Testing

@Suite("Reading ZIP archives")
struct ZIPReadingTests {
  static let text = Array("weights ".utf8) + Array("and biases".utf8)

  static var members: [ZIPBuilder.Member] {
    [
      .init("archive/data.pkl", text),
      .init("archive/data/0", deflated: DeflateBits.stored(text), inflated: text),
      .init("archive/empty", []),
    ]
  }

  private func bytes(_ name: String, of archive: ZIPArchive) throws -> [UInt8] {
    let entry = try #require(archive.entry(named: name))
    try archive.checkCRC(of: entry)
    return try archive.withBytes(of: entry) { $0.withUnsafeBytes { [UInt8]($0) } }
  }

  private func expectMembers(of builder: ZIPBuilder) throws {
    try withTemporaryFile(builder.build().bytes) { path in
      let archive = try ZIPArchive(path: path)
      #expect(
        archive.entries.map(\.name) == ["archive/data.pkl", "archive/data/0", "archive/empty"])
      #expect(archive.entries.map(\.method) == [.stored, .deflated, .stored])
      #expect(try bytes("archive/data.pkl", of: archive) == Self.text)
      #expect(try bytes("archive/data/0", of: archive) == Self.text)
      #expect(try bytes("archive/empty", of: archive) == [])
      #expect(archive.entry(named: "archive/data/1") == nil)
    }
  }

  @Test("members are lent as they were written, stored or deflated")
  func plain() throws {
    var builder = ZIPBuilder()
    builder.members = Self.members
    try expectMembers(of: builder)
  }

  @Test("sizes come from the central directory where the headers leave them zero, as PyTorch's do")
  func descriptors() throws {
    var builder = ZIPBuilder()
    builder.members = Self.members
    for index in builder.members.indices {
      builder.members[index].hasDescriptor = true
      // PyTorch aligns data by an extra field of its own.
      builder.members[index].localExtra = Array("FB".utf8) + [3, 0] + Array("ZZZ".utf8)
    }
    builder.isZIP64 = true
    try expectMembers(of: builder)
  }

  @Test("numbers may stand in zip64's fields and end record", arguments: [false, true])
  func zip64(saturated: Bool) throws {
    var builder = ZIPBuilder()
    builder.members = Self.members
    for index in builder.members.indices { builder.members[index].isZIP64 = true }
    builder.isZIP64 = true
    try expectMembers(of: builder)
    guard saturated else { return }
    var image = builder.build()
    image.set("end.entries", 0xFFFF)
    image.set("end.entries on disk", 0xFFFF)
    image.set("end.directory size", 0xFFFF_FFFF)
    image.set("end.directory offset", 0xFFFF_FFFF)
    try withTemporaryFile(image.bytes) { path in
      let entries = try ZIPArchive(path: path).entries
      #expect(entries.count == 3)
    }
  }

  @Test("a comment may follow the end record, up to the longest", arguments: [1, 22, 0xFFFF])
  func comments(length: Int) throws {
    var builder = ZIPBuilder()
    builder.members = Self.members
    builder.comment = [UInt8](repeating: UInt8(ascii: "P"), count: length)
    try expectMembers(of: builder)
  }

  @Test("something may stand before the archive when the offsets know of it")
  func prefixes() throws {
    var builder = ZIPBuilder()
    builder.members = Self.members
    builder.prefix = Array("#!/bin/sh\n".utf8)
    try expectMembers(of: builder)
  }

  @Test("folders are passed over")
  func folders() throws {
    let builder = ZIPBuilder(.init("archive/", []), .init("archive/a", Self.text))
    try withTemporaryFile(builder.build().bytes) { path in
      let entries = try ZIPArchive(path: path).entries
      #expect(entries.map(\.name) == ["archive/a"])
    }
  }

  @Test("an archive without members is one")
  func noMembers() throws {
    try withTemporaryFile(ZIPBuilder().build().bytes) { path in
      let entries = try ZIPArchive(path: path).entries
      #expect(entries.isEmpty)
    }
  }

  @Test("names that differ in their bytes are different, however Swift compares them")
  func names() throws {
    let names = ["caf\u{E9}", "cafe\u{301}"]
    let builder = ZIPBuilder(.init(names[0], [1]), .init(names[1], [2]))
    try withTemporaryFile(builder.build().bytes) { path in
      let archive = try ZIPArchive(path: path)
      #expect(try bytes(names[0], of: archive) == [1])
      #expect(try bytes(names[1], of: archive) == [2])
    }
  }

  @Test("very many spellings of one text, which Swift takes for equal, are found at once")
  func spellings() throws {
    var builder = ZIPBuilder()
    builder.members = (0..<4096).map { number in
      .init((0..<12).map { number >> $0 & 1 == 0 ? "\u{E9}" : "e\u{301}" }.joined(), [])
    }
    let bytes = builder.build().bytes
    try withTemporaryFile(bytes) { path in
      let clock = ContinuousClock()
      let start = clock.now
      let archive = try ZIPArchive(path: path)
      #expect(clock.now - start < .seconds(2))
      #expect(archive.entries.count == 4096)
      #expect(archive.entries.allSatisfy { archive.entry(named: $0.name) == $0 })
    }
  }

  @Test("a member's first bytes need no more of it", arguments: [0, 1, 7, 18, 1000])
  func prefixesOfMembers(count: Int) throws {
    var builder = ZIPBuilder()
    builder.members = Self.members
    // A damaged end does not matter to who reads the beginning.
    builder.members[1].data[builder.members[1].data.count - 1] ^= 1
    try withTemporaryFile(builder.build().bytes) { path in
      let archive = try ZIPArchive(path: path)
      for entry in archive.entries.prefix(2) {
        let found = try archive.prefix(of: entry, byteCount: count)
        #expect(found.prefix(17).elementsEqual(Self.text.prefix(min(count, 17))))
        #expect(found.count == min(count, 18))
      }
    }
  }

  @Test("a stored member's checksum is compared on request alone")
  func storedChecksums() throws {
    var builder = ZIPBuilder(.init("a", Self.text))
    builder.members[0].checksum ^= 1
    try withTemporaryFile(builder.build().bytes) { path in
      let archive = try ZIPArchive(path: path)
      let entry = archive.entries[0]
      #expect(try archive.withBytes(of: entry) { $0.byteCount } == Self.text.count)
      let fault = #expect(throws: Fault.self) { try archive.checkCRC(of: entry) }
      #expect(fault?.code == .zipChecksum)
      #expect(fault?.place == .init(file: path, byteOffset: UInt64(entry.dataRange.lowerBound)))
    }
  }

  @Test("what inflates to very much is inflated within the limits alone")
  func limits() throws {
    let deflated = DeflateBits.zeros(repetitions: 4000)
    let zeros = [UInt8](repeating: 0, count: 1 + 258 * 4000)
    let builder = ZIPBuilder(.init("zeros", deflated: deflated, inflated: zeros))
    try withTemporaryFile(builder.build().bytes) { path in
      let archive = try ZIPArchive(path: path)
      #expect(try bytes("zeros", of: archive) == zeros)

      var limits = ZIPArchive.Limits()
      limits.freelyInflatedByteCount = 1 << 19
      let careful = try ZIPArchive(path: path, limits: limits)
      let bomb = #expect(throws: Fault.self) { try bytes("zeros", of: careful) }
      #expect(bomb?.code == .zipBomb)
      limits.largestRatio = 1000
      #expect(try bytes("zeros", of: ZIPArchive(path: path, limits: limits)) == zeros)
      limits.inflatedByteCount = zeros.count - 1
      let fault = #expect(throws: Fault.self) {
        try bytes("zeros", of: ZIPArchive(path: path, limits: limits))
      }
      #expect(fault?.code == .zipLimit)
    }
  }

  @Test("a central directory is read within the limits alone")
  func directoryLimits() throws {
    var builder = ZIPBuilder()
    builder.members = Self.members
    try withTemporaryFile(builder.build().bytes) { path in
      var limits = ZIPArchive.Limits()
      limits.directoryByteCount = 100
      let large = #expect(throws: Fault.self) { try ZIPArchive(path: path, limits: limits) }
      #expect(large?.code == .zipLimit)
      limits = ZIPArchive.Limits()
      limits.entryCount = 2
      let many = #expect(throws: Fault.self) { try ZIPArchive(path: path, limits: limits) }
      #expect(many?.code == .zipLimit)
    }
  }
}
