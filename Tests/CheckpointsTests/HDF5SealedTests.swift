import Checkpoints
import Diagnostics
import Foundation
import Testing

/// Heaps, trees and arrays of the newer formats, changed on purpose behind checksums that match.
@Suite("Refusing HDF5 files with false heaps and indexes", .serialized)
struct HDF5SealedTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: Fault.Code
    /// The structure to change: which of those with this signature.
    let signature: String
    let occurrence: Int
    let offset: Int
    let new: [UInt8]
    /// Whether the new bytes are the structure's own address.
    let isOwnAddress: Bool

    init(
      _ description: String, _ code: Fault.Code, _ signature: String, _ occurrence: Int = 0,
      at offset: Int, _ new: [UInt8]? = nil
    ) {
      testDescription = "\(signature) \(occurrence): \(description)"
      self.code = code
      self.signature = signature
      self.occurrence = occurrence
      self.offset = offset
      self.new = new ?? []
      isOwnAddress = new == nil
    }
  }

  private static let undefined = HDF5PatchTests.words(.max)
  private static let far = HDF5PatchTests.words(1 << 40)

  static let heaps = [
    Case("an unknown version", .hdf5Unsupported, "FRHP", at: 4, [1]),
    Case("identifiers without room", .hdf5Corrupt, "FRHP", at: 5, [3, 0]),
    Case("blocks that went through filters", .hdf5Unsupported, "FRHP", at: 7, [8, 0]),
    Case("objects of no size", .hdf5Corrupt, "FRHP", at: 10, [0, 0, 0, 0]),
    Case("three blocks a row", .hdf5Corrupt, "FRHP", at: 110, [3, 0]),
    Case("no blocks a row", .hdf5Corrupt, "FRHP", at: 110, [0, 0]),
    Case("blocks of no bytes", .hdf5Corrupt, "FRHP", at: 112, HDF5PatchTests.words(0)),
    Case("blocks without room", .hdf5Corrupt, "FRHP", at: 112, HDF5PatchTests.words(8)),
    Case("blocks of 2^63 bytes", .hdf5Corrupt, "FRHP", at: 112, HDF5PatchTests.words(1 << 63)),
    Case(
      "largest blocks of 2^62 bytes", .hdf5Corrupt, "FRHP", at: 120, HDF5PatchTests.words(1 << 62)),
    Case("addresses of no bits", .hdf5Corrupt, "FRHP", at: 128, [0, 0]),
    Case("addresses of 65535 bits", .hdf5Corrupt, "FRHP", at: 128, [0xFF, 0xFF]),
    Case("no root", .hdf5Corrupt, "FRHP", at: 132, undefined),
    Case("a root that is the header", .hdf5Cycle, "FRHP", at: 132),
    Case("a root beyond the end", .hdf5Corrupt, "FRHP", at: 132, far),
    Case("more rows than 64", .hdf5Corrupt, "FRHP", at: 140, [65, 0]),
    Case("a root that should be a block", .hdf5Corrupt, "FRHP", at: 140, [0, 0]),
    Case("a table of another heap", .hdf5Corrupt, "FHIB", at: 5, HDF5PatchTests.words(0)),
    Case("a table of another place", .hdf5Corrupt, "FHIB", at: 13, [1]),
    Case("a table that holds itself", .hdf5Cycle, "FHIB", at: 18),
    Case("a block beyond the end", .hdf5Corrupt, "FHIB", at: 18, far),
    Case("a block that is missing", .hdf5Corrupt, "FHIB", 1, at: 17, undefined),
  ]

  static let trees = [
    Case("an unknown version", .hdf5Unsupported, "BTHD", at: 4, [1]),
    Case("another kind", .hdf5Corrupt, "BTHD", at: 5, [11]),
    Case("nodes of no bytes", .hdf5Corrupt, "BTHD", at: 6, [0, 0, 0, 0]),
    Case("nodes too small for records", .hdf5Corrupt, "BTHD", at: 6, [20, 0, 0, 0]),
    Case("records of another size", .hdf5Corrupt, "BTHD", at: 10, [12, 0]),
    Case("65535 levels", .hdf5Corrupt, "BTHD", at: 12, [0xFF, 0xFF]),
    Case("more levels than there are", .hdf5Corrupt, "BTHD", at: 12, [2, 0]),
    Case("a root that is the header", .hdf5Cycle, "BTHD", at: 16),
    Case("no root", .hdf5Corrupt, "BTHD", at: 16, undefined),
    Case(
      "more records than there are", .hdf5Corrupt, "BTHD", at: 26, HDF5PatchTests.words(1 << 40)),
    Case("more records than fit a node", .hdf5Corrupt, "BTHD", at: 24, [0xFF, 0xFF]),
    Case("a leaf of another kind", .hdf5Corrupt, "BTLF", at: 5, [10]),
    Case("a node of another kind", .hdf5Corrupt, "BTIN", at: 5, [10]),
    Case("another name's hash", .hdf5Corrupt, "BTLF", at: 6, [0, 0, 0, 0]),
    Case("an identifier of another version", .hdf5Corrupt, "BTLF", at: 10, [0x40]),
    Case("an object outside of the blocks", .hdf5Unsupported, "BTLF", at: 10, [0x10]),
    Case("an object within the identifier", .hdf5Unsupported, "BTLF", at: 10, [0x25]),
    Case("an object beyond the heap", .hdf5Corrupt, "BTLF", at: 11, [0, 0, 0, 0x7F]),
    Case("an object over a block's head", .hdf5Corrupt, "BTLF", at: 11, [1, 0, 0, 0]),
    Case("an object of no bytes", .hdf5Corrupt, "BTLF", at: 15, [0, 0]),
    Case("an object larger than its block", .hdf5Corrupt, "BTLF", at: 15, [0xFF, 0xFF]),
  ]

  static let chunkIndexes = [
    Case("an unknown version", .hdf5Unsupported, "EAHD", at: 4, [1]),
    Case("elements of filtered chunks", .hdf5Corrupt, "EAHD", at: 5, [1]),
    Case("elements of nine bytes", .hdf5Corrupt, "EAHD", at: 6, [9]),
    Case("numbers of 255 bits", .hdf5Corrupt, "EAHD", at: 7, [255]),
    Case("numbers of one bit", .hdf5Corrupt, "EAHD", at: 7, [1]),
    Case("other direct elements", .hdf5Corrupt, "EAHD", at: 8, [255]),
    Case("blocks of three elements", .hdf5Corrupt, "EAHD", at: 9, [3]),
    Case("no pointers", .hdf5Corrupt, "EAHD", at: 10, [0]),
    Case("pages of 2^255 elements", .hdf5Corrupt, "EAHD", at: 11, [255]),
    Case("pages where there are none", .hdf5Corrupt, "EAHD", at: 11, [0]),
    Case("an index that is the header", .hdf5Cycle, "EAHD", at: 60),
    Case("an index beyond the end", .hdf5Corrupt, "EAHD", at: 60, far),
    Case("an index of another array", .hdf5Corrupt, "EAIB", at: 6, HDF5PatchTests.words(0)),
    Case("a chunk beyond the end", .hdf5Corrupt, "EAIB", at: 14, far),
    Case("a block that is the index", .hdf5Cycle, "EAIB", at: 46),
    Case(
      "a super block that is the root group", .hdf5Cycle, "EAIB", at: 94, HDF5PatchTests.words(48)),
    Case("a block of another array", .hdf5Corrupt, "EADB", at: 6, HDF5PatchTests.words(0)),
  ]

  @Test("heaps", arguments: heaps)
  func heapsAreChecked(_ patch: Case) throws { try check(patch) }

  @Test("trees of records", arguments: trees)
  func treesAreChecked(_ patch: Case) throws { try check(patch) }

  @Test("chunk indexes", arguments: chunkIndexes)
  func chunkIndexesAreChecked(_ patch: Case) throws { try check(patch) }

  /// The kind of index that a `BTLF` belongs to is its sixth byte.
  @Test("chunks that a tree of records puts off the grid, twice or nowhere")
  func recordsOfChunks() throws {
    try checkChunkRecord(at: 14, HDF5PatchTests.words(3), .hdf5Corrupt)
    try checkChunkRecord(at: 14, HDF5PatchTests.words(.max), .hdf5Corrupt)
    try checkChunkRecord(at: 38, HDF5PatchTests.words(0, 0), .hdf5Corrupt)
    try checkChunkRecord(at: 6, HDF5SealedTests.far, .hdf5Corrupt)
    try checkChunkRecord(at: 6, HDF5SealedTests.undefined, nil)
  }

  private func checkChunkRecord(at offset: Int, _ new: [UInt8], _ code: Fault.Code?) throws {
    var bytes = try HDF5Fixture.bytes("hostile/base_dense.h5")
    let leaf = try #require(
      HDF5SealedTests.structures.first {
        $0.signature == "BTLF" && bytes[$0.start + 5] == 10
      })
    bytes.replaceSubrange(leaf.start + offset..<leaf.start + offset + new.count, with: new)
    leaf.seal(&bytes)
    let fault = try HDF5Fixture.outcome(of: bytes)
    #expect(fault?.code == code, "\(fault.map { "\($0)" } ?? "no fault")")
  }

  @Test("a damaged byte behind a matching checksum is a fault or harmless", .timeLimit(.minutes(2)))
  func damage() throws {
    let original = try HDF5Fixture.bytes("hostile/base_dense.h5")
    var generator = SplitMix(state: 3)
    var faults = 0
    for structure in HDF5SealedTests.structures {
      for offset in stride(from: 4, to: structure.byteCount, by: structure.byteCount > 200 ? 5 : 1)
      {
        var bytes = original
        bytes[structure.start + offset] = UInt8(truncatingIfNeeded: generator.next())
        structure.seal(&bytes)
        if try HDF5Fixture.outcome(of: bytes) != nil { faults += 1 }
      }
    }
    #expect(faults > 100)
  }

  @Test("the file that the patches begin with is sound")
  func baseIsSound() throws {
    #expect(
      try HDF5Fixture.outcome(ofFileAt: HDF5Fixture.path("hostile/base_dense.h5")) == nil)
    let found = Set(HDF5SealedTests.structures.map(\.signature))
    #expect(found.isSuperset(of: ["FRHP", "FHIB", "BTHD", "BTIN", "BTLF", "EAHD", "EAIB", "EADB"]))
  }

  private static let structures =
    (try? HDF5Fixture.bytes("hostile/base_dense.h5")).map { HDF5SealedStructure.all(in: $0) } ?? []

  private func check(_ patch: Case) throws {
    var bytes = try HDF5Fixture.bytes("hostile/base_dense.h5")
    let candidates = HDF5SealedTests.structures.filter { $0.signature == patch.signature }
    let structure = try #require(candidates.dropFirst(patch.occurrence).first)
    let new = patch.isOwnAddress ? HDF5PatchTests.words(UInt64(structure.start)) : patch.new
    let start = structure.start + patch.offset
    bytes.replaceSubrange(start..<start + new.count, with: new)
    structure.seal(&bytes)
    let fault = try #require(try HDF5Fixture.outcome(of: bytes))
    #expect(fault.code == patch.code, "\(fault)")
  }
}
