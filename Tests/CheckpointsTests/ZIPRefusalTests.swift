import Checkpoints
import Diagnostics
import Foundation
import Testing

/// A sound archive with one thing wrong.
struct ZIPDamage: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let code: Fault.Code
  let bytes: @Sendable () -> [UInt8]

  /// Damages the fields of an archive with a stored, a deflated and a zip64 member.
  init(
    _ name: String, _ code: Fault.Code, _ damage: @escaping @Sendable (inout ZIPImage) -> Void
  ) {
    self.init(building: name, code) {
      var image = ZIPDamage.sound.build()
      damage(&image)
      return image.bytes
    }
  }

  init(building name: String, _ code: Fault.Code, _ bytes: @escaping @Sendable () -> [UInt8]) {
    testDescription = name
    self.code = code
    self.bytes = bytes
  }

  static func named(_ name: String) -> ZIPDamage {
    ZIPDamage(building: "a member called \(name.debugDescription)", .zipName) {
      ZIPBuilder(.init(name, [1])).build().bytes
    }
  }

  static let content = Array("weights and biases".utf8)

  static var sound: ZIPBuilder {
    var builder = ZIPBuilder(
      .init("stored", content),
      .init("deflated", deflated: DeflateBits.stored(content), inflated: content),
      .init("zip64", content))
    builder.members[2].isZIP64 = true
    builder.isZIP64 = true
    return builder
  }

  /// Opens an archive and reads all of it.
  static func outcome(of bytes: [UInt8]) throws -> Fault? {
    try withTemporaryFile(bytes) { path in
      let outcome = try fault {
        let archive = try ZIPArchive(path: path)
        for entry in archive.entries {
          try archive.withBytes(of: entry) { #expect($0.byteCount == entry.size) }
          try archive.checkCRC(of: entry)
          _ = try archive.prefix(of: entry, byteCount: 64)
        }
      }
      try HostileCorpus.keep(path, of: "zip", refusedWith: outcome)
      return outcome
    }
  }
}

@Suite("Refusing ZIP archives")
struct ZIPRefusalTests {
  static let ends: [ZIPDamage] = [
    .init(building: "no bytes", .truncated) { [] },
    .init(building: "a signature alone", .truncated) { Array("PK\u{3}\u{4}".utf8) },
    .init("no end record", .truncated) { $0.set("end.signature", 0) },
    .init("a comment longer than the file", .truncated) { $0.set("end.comment length", 1) },
    .init("a byte after the end record", .truncated) { $0.bytes.append(0) },
    .init(building: "two end records", .zipEndRecord) {
      var builder = ZIPBuilder(.init("a", [1]))
      builder.comment = ZIPBuilder().build().bytes
      return builder.build().bytes
    },
    .init("another disk", .zipEndRecord) { $0.set("end.disk", 1) },
    .init("both end records on another disk", .zipMultipleDisks) {
      $0.set("end.disk", 1)
      $0.set("zip64 end.disk", 1)
    },
    .init("a directory on another disk", .zipMultipleDisks) {
      $0.set("end.directory disk", 0xFFFF)
      $0.set("zip64 end.directory disk", 7)
    },
    .init("entries on other disks", .zipMultipleDisks) {
      $0.set("zip64 end.entries", 4)
      $0.set("end.entries", 4)
    },
    .init("two disks", .zipMultipleDisks) { $0.set("locator.disks", 2) },
    .init("a zip64 record on another disk", .zipMultipleDisks) { $0.set("locator.disk", 1) },
    .init("a zip64 record beyond the file", .zipEndRecord) { $0.set("locator.offset", 1 << 40) },
    .init("a zip64 record at no number", .zipEndRecord) { $0.set("locator.offset", .max) },
    .init("a zip64 record at its own locator", .zipEndRecord) { $0.add("locator.offset", 56) },
    .init("no zip64 record", .zipEndRecord) { $0.set("zip64 end.signature", 0) },
    .init("a zip64 record of no length", .zipEndRecord) { $0.set("zip64 end.length", 0) },
    .init("a zip64 record of all lengths", .zipEndRecord) { $0.set("zip64 end.length", .max) },
    .init("end records that disagree", .zipEndRecord) { $0.add("end.entries", 1) },
    .init("a directory of another size", .zipEndRecord) {
      $0.add("end.directory size", -1)
      $0.add("zip64 end.directory size", -1)
    },
    .init("a directory larger than the file", .zipEndRecord) {
      $0.set("end.directory size", 0xFFFF_FFFF)
      $0.set("zip64 end.directory size", 1 << 62)
    },
    .init("a directory size beyond 63 bits", .zipEndRecord) {
      $0.set("end.directory size", 0xFFFF_FFFF)
      $0.set("zip64 end.directory size", .max)
    },
    .init("a directory beyond the file", .zipEndRecord) {
      $0.set("end.directory offset", 0xFFFF_FFFF)
      $0.set("zip64 end.directory offset", 1 << 40)
    },
    .init(building: "something before the archive that the offsets ignore", .zipEndRecord) {
      [0] + ZIPBuilder(.init("a", [1])).build().bytes
    },
  ]

  static let directories: [ZIPDamage] = [
    .init("more entries than there are", .zipDirectory) {
      for name in ["zip64 end.entries", "zip64 end.entries on disk"] { $0.add(name, 1) }
      for name in ["end.entries", "end.entries on disk"] { $0.add(name, 1) }
    },
    .init("fewer entries than there are", .zipDirectory) {
      for name in ["zip64 end.entries", "zip64 end.entries on disk"] { $0.add(name, -1) }
      for name in ["end.entries", "end.entries on disk"] { $0.add(name, -1) }
    },
    .init("more entries than a reader takes", .zipLimit) {
      for name in ["zip64 end.entries", "zip64 end.entries on disk"] { $0.set(name, 1 << 40) }
      for name in ["end.entries", "end.entries on disk"] { $0.set(name, 0xFFFF) }
    },
    .init("no entry", .zipDirectory) { $0.set("central[1].signature", 0) },
    .init("a name longer than the directory", .zipDirectory) {
      $0.set("central[2].name length", 0xFFFF)
    },
    .init("an extra field longer than the directory", .zipDirectory) {
      $0.set("central[2].extra length", 0xFFFF)
    },
    .init("a comment longer than the directory", .zipDirectory) {
      $0.set("central[2].comment length", 0xFFFF)
    },
    .init("a member in another part", .zipMultipleDisks) { $0.set("central[0].disk", 1) },
    .init("an encrypted member", .zipEncrypted) { $0.add("central[0].flags", 1) },
    .init("a strongly encrypted member", .zipEncrypted) { $0.add("central[0].flags", 0x40) },
    .init("a masked header", .zipEncrypted) { $0.add("central[0].flags", 0x2000) },
    .init("a patch", .zipUnsupported) { $0.add("central[0].flags", 0x20) },
    .init("another compression", .zipUnsupported) { $0.set("central[0].method", 12) },
    .init("deflate64", .zipUnsupported) { $0.set("central[0].method", 9) },
    .init("a stored member of two sizes", .zipDirectory) { $0.add("central[0].size", 1) },
    .init("a zip64 size without a field", .zipExtraField) {
      $0.set("central[0].size", 0xFFFF_FFFF)
    },
    .init("a zip64 field too short", .zipExtraField) { $0.set("central[2].zip64 length", 16) },
    .init("a zip64 field too long", .zipExtraField) { $0.set("central[2].zip64 length", 25) },
    .init("a zip64 field of another name", .zipExtraField) {
      $0.set("central[2].zip64 identifier", 2)
    },
    .init("a zip64 size beyond 63 bits", .zipExtraField) { $0.set("central[2].zip64 size", .max) },
    .init(building: "two zip64 fields", .zipExtraField) {
      var builder = ZIPDamage.sound
      builder.members[2].centralExtra = [1, 0, 0, 0]
      return builder.build().bytes
    },
    .init(building: "an extra field without a length", .zipExtraField) {
      var builder = ZIPDamage.sound
      builder.members[0].centralExtra = [1, 0, 0]
      return builder.build().bytes
    },
    .init(building: "a folder with content", .zipDirectory) {
      ZIPBuilder(.init("folder/", [1])).build().bytes
    },
  ]

  static let members: [ZIPDamage] = [
    .init("a member beyond the file", .zipExtent) { $0.set("central[0].offset", 0xFFFF_FFF0) },
    .init("a zip64 member beyond the file", .zipExtent) {
      $0.set("central[2].zip64 offset", UInt64(Int64.max))
    },
    .init("a member in the directory", .zipExtent) {
      $0.set("central[0].offset", $0.value("end.directory offset"))
    },
    .init("a member where there is none", .zipLocalHeader) { $0.add("central[0].offset", 1) },
    .init("data that go on into the directory", .zipExtent) {
      $0.set("central[2].zip64 size", 1 << 20)
      $0.set("central[2].zip64 compressed size", 1 << 20)
    },
    .init("a name that goes on into the directory", .zipExtent) {
      $0.set("local[2].name length", 0xFFFF)
    },
    .init("two names", .zipLocalHeader) { $0.set("local[0].name", 0) },
    .init("two methods", .zipLocalHeader) { $0.set("local[0].method", 8) },
    .init("two sets of flags", .zipLocalHeader) { $0.set("local[0].flags", 0) },
    .init("two checksums", .zipLocalHeader) { $0.add("local[0].checksum", 1) },
    .init("two sizes", .zipLocalHeader) { $0.add("local[0].size", 1) },
    .init("two compressed sizes", .zipLocalHeader) { $0.add("local[1].compressed size", 1) },
    .init("two zip64 sizes", .zipLocalHeader) { $0.add("local[2].zip64 size", 1) },
    .init("a header's zip64 field too short", .zipExtraField) {
      $0.set("local[2].zip64 length", 8)
    },
    .init(building: "two members of one name", .zipDuplicateName) {
      ZIPBuilder(.init("a", [1]), .init("a", [2])).build().bytes
    },
    .init(building: "a file and a folder of one name", .zipDuplicateName) {
      ZIPBuilder(.init("a", [1]), .init("a/", [])).build().bytes
    },
    .init(building: "one member twice", .zipOverlap) { sharedData },
    .init(building: "a member inside another's data", .zipOverlap) { nestedMembers },
    .init("a damaged checksum", .zipChecksum) {
      $0.add("central[1].checksum", 1)
      $0.add("local[1].checksum", 1)
    },
    .init("a stored member with other data", .zipChecksum) { $0.set("local[0].data", 0) },
    .init("a deflated member with other data", .zipDeflate) { $0.set("local[1].data", .max) },
  ]

  /// The second member's header lies in the data of the first, as in nested bombs.
  static var nestedMembers: [UInt8] {
    let inner = ZIPBuilder.Member("inner", [1, 2, 3])
    let header = ZIPBuilder(inner).build().bytes.prefix(30 + 5 + 3)
    var image = ZIPBuilder(.init("outer", Array(header)), inner).build()
    image.set("central[1].offset", 30 + 5)
    return image.bytes
  }

  /// The first member goes on over the second one's header and ends with it, as in flat bombs.
  static var sharedData: [UInt8] {
    let image = ZIPBuilder(.init("a", []), .init("b", [1])).build()
    let covered = UInt64(30 + 1 + 1)
    var shared = image
    for name in ["size", "compressed size"] {
      shared.set("central[0].\(name)", covered)
      shared.set("local[0].\(name)", covered)
    }
    return shared.bytes
  }

  static let bombs: [ZIPDamage] = [
    .init(building: "more than deflate can", .zipBomb) {
      var member = ZIPBuilder.Member("a", DeflateBits.zeros(repetitions: 100))
      member.method = 8
      member.size = 1 << 30
      return ZIPBuilder(member).build().bytes
    },
    .init(building: "far more than weights do", .zipBomb) {
      var member = ZIPBuilder.Member("a", DeflateBits.zeros(repetitions: 150_000))
      member.method = 8
      member.size = 1 + 258 * 150_000
      return ZIPBuilder(member).build().bytes
    },
    .init(building: "more than is declared", .zipDeflate) {
      var member = ZIPBuilder.Member("a", DeflateBits.zeros(repetitions: 100_000))
      member.method = 8
      member.size = 100
      return ZIPBuilder(member).build().bytes
    },
    .init(building: "nothing declared", .zipDeflate) {
      ZIPBuilder(.init("a", deflated: DeflateBits.stored([1]), inflated: [])).build().bytes
    },
    .init(building: "less than is declared", .zipDeflate) {
      ZIPBuilder(.init("a", deflated: DeflateBits.stored([1]), inflated: [1, 2])).build().bytes
    },
    .init(building: "no deflated data at all", .zipDeflate) {
      ZIPBuilder(.init("a", deflated: [], inflated: [1])).build().bytes
    },
    .init(building: "deflated data that break off", .zipDeflate) {
      ZIPBuilder(
        .init("a", deflated: DeflateBits.stored([1], isLast: false), inflated: [1])
      ).build().bytes
    },
    .init(building: "bytes after the deflated data", .zipDeflate) {
      ZIPBuilder(.init("a", deflated: DeflateBits.stored([1]) + [0], inflated: [1])).build().bytes
    },
  ]

  static let names: [ZIPDamage] =
    ["", "/etc/passwd", "../a", "a/../b", "a/..", "./a", "a//b", "//", "a\\b", "..\\a", "a\0b"]
    .map(ZIPDamage.named) + [
      .init(building: "a name that is not UTF-8", .zipName) {
        var builder = ZIPBuilder(.init("a", [1]))
        builder.members[0].name = [0xFF, 0xFE]
        return builder.build().bytes
      },
      .init(building: "a name in an encoding that is not said", .zipName) {
        var builder = ZIPBuilder(.init("\u{E9}", [1]))
        builder.members[0].flags = 0
        return builder.build().bytes
      },
      .init(building: "a name longer than a reader takes", .zipLimit) {
        ZIPBuilder(.init(String(repeating: "a", count: 1025), [1])).build().bytes
      },
    ]

  @Test(
    "each is refused for its own reason, with its place",
    arguments: ends + directories + members + bombs + names)
  func refused(damage: ZIPDamage) throws {
    let clock = ContinuousClock()
    let bytes = damage.bytes()
    let start = clock.now
    let fault = try #require(try ZIPDamage.outcome(of: bytes))
    #expect(clock.now - start < .seconds(2))
    #expect(fault.code == damage.code, "\(fault)")
    #expect(fault.code.exitStatus == .invalidData)
    #expect(fault.place.file != nil)
    #expect(fault.place.byteOffset != nil)
  }

  @Test("the sound archive, of which the damaged ones are made, is not refused")
  func soundArchive() throws {
    #expect(try ZIPDamage.outcome(of: ZIPDamage.sound.build().bytes) == nil)
  }

  @Test("an archive that is cut off anywhere is refused")
  func cutOff() throws {
    let bytes = ZIPDamage.sound.build().bytes
    for count in bytes.indices {
      let fault = try ZIPDamage.outcome(of: Array(bytes.prefix(count)))
      #expect(fault?.code == .truncated, "\(count) bytes: \(String(describing: fault))")
    }
  }

  @Test("any field may hold any number: the archive is read or refused, never trusted")
  func everyField() throws {
    let image = ZIPDamage.sound.build()
    for (name, field) in image.fields {
      let value = image.value(name)
      let all: UInt64 = field.width == 8 ? .max : 1 << UInt64(8 * field.width) - 1
      for other in [0, 1, value &+ 1, value &- 1, value << 1, ~value, all, all >> 1, all &- 1] {
        var damaged = image
        damaged.set(name, other)
        if let fault = try ZIPDamage.outcome(of: damaged.bytes) {
          #expect(fault.code.exitStatus == .invalidData, "\(name) = \(other): \(fault)")
        }
      }
    }
  }
}
