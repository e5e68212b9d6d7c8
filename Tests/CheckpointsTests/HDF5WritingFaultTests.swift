import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

@Suite("Refusing what HDF5 cannot hold")
struct HDF5WritingFaultTests {
  private static func fault(
    _ names: [String], _ naming: HDF5Naming, dtype: DType = .u8, extents: [Int] = [2]
  ) throws -> Fault? {
    let entries = try names.map {
      try StoredTensor(TargetKey($0), dtype: dtype, shape: Shape(extents))
    }
    return #expect(throws: Fault.self) { _ = try HDF5FilePlan(entries, naming: naming) }
  }

  @Test("a tensor that would also be a group is refused with both names")
  func collision() throws {
    let fault = try HDF5WritingFaultTests.fault(
      ["model.norm.weight", "model.z", "model.norm", "model.norm-2"], .grouped)
    #expect(fault?.code == .hdf5NameCollision)
    #expect(fault?.place.tensor == "model.norm")
    #expect(fault?.reason.contains("model.norm.weight") == true)
    #expect(fault?.remedy?.contains("flat") == true)
  }

  @Test("names that no link can have are refused", arguments: ["", "a/b", "a\0b"])
  func names(name: String) throws {
    for naming in HDF5Naming.allCases {
      let fault = try HDF5WritingFaultTests.fault([name], naming)
      #expect(fault?.code == .hdf5Name)
      #expect(fault?.place.tensor == name)
    }
  }

  @Test("groups without a name are refused", arguments: [".a", "a.", "a..b", "."])
  func groupNames(name: String) throws {
    #expect(try HDF5WritingFaultTests.fault([name], .grouped)?.code == .hdf5Name)
  }

  @Test("what the reader would refuse for its size is not written")
  func limits() throws {
    let long = String(repeating: "n", count: 1025)
    #expect(try HDF5WritingFaultTests.fault([long], .flat)?.code == .hdf5Limit)
    let deep = Array(repeating: "g", count: 34).joined(separator: ".")
    #expect(try HDF5WritingFaultTests.fault([deep], .grouped)?.code == .hdf5Limit)
    let axes = Array(repeating: 1, count: 33)
    #expect(try HDF5WritingFaultTests.fault(["a"], .flat, extents: axes)?.code == .hdf5Limit)
    let names = (0..<9).map { "tensor-\($0)" }
    let huge = try HDF5WritingFaultTests.fault(names, .flat, extents: [(1 << 60) - 1])
    #expect(huge?.code == .overLimit)
  }

  @Test("two tensors of one name are refused")
  func duplicates() throws {
    let fault = try HDF5WritingFaultTests.fault(["a", "b", "a"], .flat)
    #expect(fault?.code == .duplicateTensor)
    #expect(fault?.place.tensor == "a")
  }

  @Test(
    "element types without an accepted form are refused by name",
    arguments: Set(DType.allCases).subtracting(HDF5WritingTests.writable).sorted())
  func elementTypes(dtype: DType) throws {
    let fault = try HDF5WritingFaultTests.fault(["a"], .flat, dtype: dtype, extents: [8])
    #expect(fault?.code == .hdf5ElementType)
    #expect(fault?.reason.contains(dtype.rawValue) == true)
    #expect(fault?.place.tensor == "a")
  }

  @Test("a refusal leaves no file, and neither do tensors of a wrong size, too many or too few")
  func incomplete() throws {
    let folder = NSTemporaryDirectory() + "hdf5-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let entry = try StoredTensor(TargetKey("a"), dtype: .u8, shape: Shape([2]))
    func write(_ pieces: [[UInt8]], _ entries: [StoredTensor]) throws {
      var writer = try HDF5Writer(
        destination: folder + "/out.h5", entries: entries, naming: .flat, replacing: false)
      for piece in pieces { try writer.write(piece) }
      try writer.commit()
    }
    for pieces in [[], [[1]], [[1, 2, 3]], [[1, 2], [3]]] as [[[UInt8]]] {
      let fault = #expect(throws: Fault.self) { try write(pieces, [entry]) }
      #expect(fault?.code == .writeFailed)
    }
    let fault = #expect(throws: Fault.self) { try write([[1, 2], [1, 2]], [entry, entry]) }
    #expect(fault?.code == .duplicateTensor)
    #expect(fault?.place.file == folder + "/out.h5")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    try write([[1, 2]], [entry])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out.h5"])
  }
}
