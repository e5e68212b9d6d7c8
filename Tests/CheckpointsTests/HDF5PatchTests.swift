import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

/// Files that no library writes: a sound one with a structure changed on purpose.
@Suite("Refusing HDF5 files with false structures")
struct HDF5PatchTests {
  /// Bytes written over a file's own.
  struct Edit: Sendable {
    let apply: @Sendable (inout [UInt8]) throws -> Void

    static func at(_ offset: Int, _ new: [UInt8]) -> Edit {
      Edit { $0.replaceSubrange(offset..<offset + new.count, with: new) }
    }

    /// Relative to a structure's signature, or to any other run of bytes.
    static func near(
      _ mark: [UInt8], occurrence: Int = 0, plus offset: Int = 0, _ new: [UInt8]
    ) -> Edit {
      Edit { bytes in
        let start = try #require(bytes.offset(of: mark, occurrence: occurrence)) + offset
        bytes.replaceSubrange(start..<start + new.count, with: new)
      }
    }

    /// The address of a structure, written into the structure itself.
    static func ownAddress(_ mark: [UInt8], occurrence: Int = 0, plus offset: Int) -> Edit {
      Edit { bytes in
        let start = try #require(bytes.offset(of: mark, occurrence: occurrence))
        bytes.replaceSubrange(
          start + offset..<start + offset + 8, with: HDF5PatchTests.words(UInt64(start)))
      }
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: Fault.Code
    let edits: [Edit]

    init(_ description: String, _ code: Fault.Code, _ edits: Edit...) {
      testDescription = description
      self.code = code
      self.edits = edits
    }
  }

  static func words(_ numbers: UInt64...) -> [UInt8] {
    numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
  }

  private static let tree = Array("TREE".utf8)
  private static let symbols = Array("SNOD".utf8)
  private static let heap = Array("HEAP".utf8)
  private static let weight = Array("weight\0".utf8)
  /// The extents of `weight`, then the bytes that its layout declares.
  private static let extents = words(3, 5)
  private static let stored = words(60)
  private static let undefined = words(.max)

  static let superblock = [
    Case("an unknown version", .hdf5Unsupported, .at(8, [9])),
    Case("addresses of four bytes", .hdf5Unsupported, .at(13, [4])),
    Case("lengths of sixteen bytes", .hdf5Unsupported, .at(14, [16])),
    Case("another driver", .hdf5Unsupported, .at(48, words(96))),
    Case("an end beyond the file's", .hdf5Truncated, .at(40, words(1 << 40))),
    Case("an end beyond 63 bits", .hdf5Corrupt, .at(40, words(1 << 63))),
    Case("an end before the start", .hdf5Corrupt, .at(24, words(1 << 40))),
    Case("a root beyond the end", .hdf5Corrupt, .at(64, words(1 << 40))),
    Case("a root that is a dataset", .hdf5Corrupt, .at(64, words(800))),
  ]

  static let extentCases = [
    Case(
      "eight gigabytes", .hdf5Extent, .near(extents, words(1 << 30, 2)),
      .near(extents, words(1 << 30, 2))),
    Case(
      "a terabyte", .hdf5Limit, .near(extents, words(1 << 37, 2)),
      .near(extents, words(1 << 37, 2))),
    Case(
      "more than 63 bits can count", Fault.Code.invalidShape,
      .near(extents, words(1 << 62, 1 << 62)), .near(extents, words(1 << 62, 1 << 62))),
    Case(
      "an extent of 64 bits", Fault.Code.invalidShape, .near(extents, words(.max, 0)),
      .near(extents, words(.max, 0))),
    Case("fewer than are stored", .hdf5Extent, .near(extents, words(3, 4))),
    Case("more than their own maximum", .hdf5Corrupt, .near(extents, words(4, 5))),
    Case("more bytes than the file", .hdf5Extent, .near(stored, words(1 << 40))),
    Case("data beyond the end", .hdf5Extent, .near(stored, plus: -8, words(11_040))),
    Case(
      "data at the end of the address space", .hdf5Extent, .near(stored, plus: -8, words(.max - 8))),
  ]

  static let groups = [
    Case(
      "a B-tree node that is its own child", .hdf5Cycle,
      .near(tree, plus: 5, [1]), .ownAddress(tree, plus: 32)),
    Case("a B-tree of chunks", .hdf5Corrupt, .near(tree, plus: 4, [1])),
    Case("a B-tree node with too many entries", .hdf5Corrupt, .near(tree, plus: 6, [0xFF, 0xFF])),
    Case("a B-tree node elsewhere", .hdf5Corrupt, .near(tree, plus: 32, words(104))),
    Case("a heap larger than the file", .hdf5Corrupt, .near(heap, plus: 8, words(1 << 40))),
    Case("a heap beyond 63 bits", .hdf5Corrupt, .near(heap, plus: 8, undefined)),
    Case("a heap beyond the end", .hdf5Corrupt, .near(heap, plus: 24, words(11_072))),
    Case("a name outside of its heap", .hdf5Corrupt, .near(symbols, plus: 8, words(1 << 20))),
    Case("too many symbols", .hdf5Corrupt, .near(symbols, plus: 6, [0xFF, 0xFF])),
    Case("a link to the root", .hdf5Cycle, .near(symbols, plus: 16, words(96))),
    Case("a link to nowhere", .hdf5Corrupt, .near(symbols, plus: 16, undefined)),
    Case("a link into the middle of something", .hdf5Corrupt, .near(symbols, plus: 16, words(720))),
    Case("a cached soft link", .hdf5Link, .near(symbols, plus: 24, [2])),
    Case("a name with a slash", .hdf5Name, .near(weight, Array("wei/ht".utf8))),
    Case("a name of one dot", .hdf5Name, .near(weight, [0x2E, 0])),
    Case("an empty name", .hdf5Name, .near(weight, [0])),
    Case(
      "two links of one name", .hdf5DuplicateName,
      .near(symbols, plus: 8, words(8)), .near(symbols, plus: 48, words(8))),
  ]

  static let chunks = [
    Case(
      "a B-tree node that is its own child", .hdf5Cycle,
      .near(tree, occurrence: 1, plus: 5, [1]), .ownAddress(tree, occurrence: 1, plus: 56)),
    Case("a B-tree of symbols", .hdf5Corrupt, .near(tree, occurrence: 1, plus: 4, [0])),
    Case("a chunk off the grid", .hdf5Corrupt, .near(tree, occurrence: 1, plus: 32, words(1))),
    Case(
      "a chunk beyond the extents", .hdf5Corrupt, .near(tree, occurrence: 1, plus: 32, words(8))),
    Case("a chunk stored twice", .hdf5Corrupt, .near(tree, occurrence: 1, plus: 80, words(0))),
    Case(
      "a chunk beyond the end", .hdf5Corrupt,
      .near(tree, occurrence: 1, plus: 56, words(1 << 40))),
    Case("a chunk nowhere", .hdf5Corrupt, .near(tree, occurrence: 1, plus: 56, undefined)),
    Case(
      "a chunk without its filters", .hdf5Extent,
      .near(tree, occurrence: 1, plus: 28, [0xFF])),
    Case("a chunk without compression", .hdf5Extent, .near(tree, occurrence: 1, plus: 28, [2])),
  ]

  @Test("the superblock", arguments: superblock)
  func superblockIsChecked(_ patch: Case) throws { try check(patch) }

  @Test("extents", arguments: extentCases)
  func extentsAreChecked(_ patch: Case) throws { try check(patch) }

  @Test("groups", arguments: groups)
  func groupsAreChecked(_ patch: Case) throws { try check(patch) }

  @Test("chunks", arguments: chunks)
  func chunksAreChecked(_ patch: Case) throws { try check(patch) }

  @Test("the file that the patches begin with is sound")
  func baseIsSound() throws {
    #expect(try HDF5Fixture.outcome(ofFileAt: HDF5Fixture.path("hostile/base.h5")) == nil)
    #expect(try HDF5Fixture.outcome(ofFileAt: HDF5Fixture.path("hostile/base_1.10.h5")) == nil)
  }

  private func check(_ patch: Case) throws {
    var bytes = try HDF5Fixture.bytes("hostile/base.h5")
    for edit in patch.edits { try edit.apply(&bytes) }
    let fault = try #require(try HDF5Fixture.outcome(of: bytes))
    #expect(fault.code == patch.code, "\(fault)")
  }
}

extension [UInt8] {
  fileprivate func offset(of mark: [UInt8], occurrence: Int) -> Int? {
    var left = occurrence
    for start in 0...count - mark.count where self[start..<start + mark.count] == mark[...] {
      if left == 0 { return start }
      left -= 1
    }
    return nil
  }
}
