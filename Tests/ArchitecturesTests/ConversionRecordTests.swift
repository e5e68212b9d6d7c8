import Testing

@testable import Architectures

@Suite("Conversion records")
struct ConversionRecordTests {
  @Test("are read as they were written")
  func roundTrip() throws {
    let record = ConversionRecord(
      targetID: "transseg-beit", parameters: ["hidden": 8, "depth": 1 << 20],
      targetOptions: ["version": "1.6"],
      decoderLayers: [0, 3], options: ["seed": "1", "odd": "\u{1B}\"\\"],
      sourceDigest: String(repeating: "a", count: 64))
    #expect(try ConversionRecord(metadata: record.metadata) == record)
    #expect(try ConversionRecord(metadata: [:]) == nil)
    #expect(record.metadata == record.metadata)
  }

  @Test("name every kind of role by its path without indices")
  func roleKinds() throws {
    #expect(Role("blocks[12].a[3].b").kind == "blocks[].a[].b")
    #expect(Role("plain").kind == "plain")
    #expect(try RolePattern("a[{i}].c[{j}].b").role(at: ["i": 4, "j": 0]) == "a[4].c[0].b")
    #expect(try RolePattern("a.b").role() == "a.b")
  }
}
