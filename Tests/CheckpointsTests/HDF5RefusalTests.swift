import Checkpoints
import Diagnostics
import Foundation
import Testing

/// Files that h5py writes and that have no place among checkpoints, each refused for its own reason.
@Suite("Refusing HDF5 files that are no checkpoints")
struct HDF5RefusalTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let file: String
    let code: Fault.Code
    /// What the message has to name.
    let words: String
    let tensor: String?

    init(_ file: String, _ code: Fault.Code, _ words: String, tensor: String? = "weight") {
      self.file = file
      self.code = code
      self.words = words
      self.tensor = tensor
    }

    var testDescription: String { file }
  }

  static let objects = [
    Case("soft_link", .hdf5Link, "a soft link", tensor: "group/alias"),
    Case("external_link", .hdf5Link, "an external link", tensor: "group/elsewhere"),
    Case("group_cycle", .hdf5Cycle, "reached before", tensor: "outer/inner/again"),
    Case("group_twice", .hdf5Cycle, "reached before", tensor: "b"),
    Case("colliding_names", .hdf5DuplicateName, "two datasets become tensor a.b", tensor: "a.b"),
    Case(
      "deep", .hdf5Limit, "deeper than 32 levels",
      tensor: Array(repeating: "g", count: 33).joined(separator: "/")),
    Case("long_name", .hdf5Limit, "more than 1024 bytes", tensor: nil),
    Case("not_utf8", .hdf5Name, "not UTF-8", tensor: nil),
  ]

  static let elementTypes = [
    Case("compound", .hdf5ElementType, "compound"),
    Case("complex", .hdf5ElementType, "complex"),
    Case("variable_string", .hdf5ElementType, "text"),
    Case("fixed_string", .hdf5ElementType, "text"),
    Case("opaque", .hdf5ElementType, "opaque"),
    Case("reference", .hdf5ElementType, "reference"),
    Case("array", .hdf5ElementType, "array"),
    Case("variable_length", .hdf5ElementType, "variable-length sequence"),
    Case("enumeration", .hdf5ElementType, "enumeration"),
    Case("odd_float", .hdf5ElementType, "neither IEEE"),
    Case("odd_integer", .hdf5ElementType, "24 bits in 4 bytes"),
    Case("null_dataspace", .hdf5NullDataspace, "null dataspace"),
  ]

  static let storage = [
    Case("external_storage", .hdf5ExternalStorage, "other files"),
    Case("virtual", .hdf5VirtualDataset, "virtual dataset"),
    Case("filter_lzf", .hdf5Filter, "filter 32000 (LZF)"),
    Case("filter_scale_offset", .hdf5Filter, "filter 6 (scale-offset)"),
    Case("filter_szip", .hdf5Filter, "filter 4 (szip)"),
    Case("fill_value", .hdf5FillValue, "fill value is not zero"),
    Case("unwritten", .hdf5Extent, "4294967296 bytes"),
    Case("bomb", .hdf5Chunk, "exactly 4096 bytes"),
    Case("short_chunk", .hdf5Chunk, "exactly 4096 bytes"),
    Case("trailing_bytes", .hdf5Chunk, "exactly 64 bytes"),
    Case("not_deflate", .hdf5Chunk, "exactly 64 bytes"),
    Case("bad_checksum", .hdf5Chunk, "Fletcher-32"),
    Case("chunk_size", .hdf5Extent, "12 bytes"),
  ]

  @Test(
    "a file is refused by name and for its own reason", arguments: objects + elementTypes + storage)
  func isRefused(_ expected: Case) throws {
    let path = HDF5Fixture.path("hostile/\(expected.file).h5")
    let fault = try #require(try HDF5Fixture.outcome(ofFileAt: path))
    #expect(fault.code == expected.code)
    #expect(fault.reason.contains(expected.words), "\(fault)")
    #expect(fault.place.file == path)
    #expect(fault.place.tensor == expected.tensor)
    #expect(fault.code.exitStatus == .invalidData)
  }

  @Test("every hostile file has its test")
  func noFileIsForgotten() throws {
    let cases = HDF5RefusalTests.objects + HDF5RefusalTests.elementTypes + HDF5RefusalTests.storage
    let files = try FileManager.default.contentsOfDirectory(atPath: HDF5Fixture.path("hostile"))
    #expect(
      Set(files)
        == Set(cases.map { "\($0.file).h5" } + ["base.h5", "base_1.10.h5", "base_dense.h5"]))
  }

  @Test("what is refused for its structure is refused before any data is read")
  func structureComesFirst() {
    for name in ["external_storage", "virtual", "filter_lzf", "fill_value", "unwritten"] {
      #expect(throws: Fault.self) {
        try HDF5Checkpoint(path: HDF5Fixture.path("hostile/\(name).h5"))
      }
    }
  }

  @Test("limits on tensors, chunks, links, depth and names are kept")
  func limits() throws {
    func code(_ name: String, _ change: (inout HDF5Limits) -> Void) -> Fault.Code? {
      var limits = HDF5Limits()
      change(&limits)
      do {
        _ = try HDF5Checkpoint(path: HDF5Fixture.path("valid/\(name)"), limits: limits)
        return nil
      } catch {
        return (error as? Fault)?.code
      }
    }
    #expect(code("flat.h5") { $0.tensorByteCount = 48 } == nil)
    #expect(code("flat.h5") { $0.tensorByteCount = 47 } == .hdf5Limit)
    #expect(code("many_chunks.h5") { $0.chunkByteCount = 0 } == .hdf5Limit)
    #expect(code("flat.h5") { $0.linkCount = 3 } == .hdf5Limit)
    #expect(code("flat.h5") { $0.nameByteCount = 10 } == .hdf5Limit)
    #expect(code("grouped.h5") { $0.groupDepth = 3 } == .hdf5Limit)
    #expect(code("shapes.h5") { $0.unwrittenByteCount = 19 } == .hdf5Extent)
  }

  @Test("a file that is not HDF5, or empty, or missing")
  func otherFiles() throws {
    #expect(try HDF5Fixture.outcome(of: [])?.code == .hdf5Signature)
    #expect(try HDF5Fixture.outcome(of: Array("{\"a\": 1}".utf8))?.code == .hdf5Signature)
    let missing = HDF5Fixture.path("valid/no-such-file.h5")
    #expect(try HDF5Fixture.outcome(ofFileAt: missing)?.code == .missingInput)
    #expect(try HDF5Fixture.outcome(ofFileAt: HDF5Fixture.path("valid"))?.code == .unreadable)
  }
}
