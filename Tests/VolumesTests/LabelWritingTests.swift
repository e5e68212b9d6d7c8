import Diagnostics
import Foundation
import Testing

@testable import Volumes

@Suite("Writing labels")
struct LabelWritingTests {
  /// Everything that places a volume: dim_info, pixdim, units, descrip, qform and sform.
  static let geometryBytes = [39..<40, 76..<108, 123..<124, 148..<228, 252..<328]

  @Test(
    "the input's geometry comes out bit for bit",
    arguments: [
      "sform-only.nii", "qform-only.nii", "qform-left-handed.nii", "sform-and-qform.nii",
      "neither.nii",
    ])
  func geometryIsKept(name: String) throws {
    let volume = try Volume(contentsOf: fixturePath(name))
    let labels = try LabelVolume(
      geometry: volume.geometry, labels: volume.values.map { Int32($0) % 5 })
    try withTemporaryFolder { folder in
      for ending in ["nii", "nii.gz"] {
        let path = folder.appending(path: "labels.\(ending)").path
        try labels.write(to: path, replacing: false)
        #expect(try LabelVolume(contentsOf: path) == labels)
      }
      let input = try fixtureBytes(name)
      let output = try [UInt8](Data(contentsOf: folder.appending(path: "labels.nii")))
      for range in LabelWritingTests.geometryBytes { #expect(output[range] == input[range]) }
      #expect(output.count == 352 + 24)
    }
  }

  @Test("the geometry of a big-endian file comes out little-endian, otherwise the same")
  func byteOrder() throws {
    let geometry = try Volume(contentsOf: fixturePath("uint8-big.nii")).geometry
    let labels = try LabelVolume(geometry: geometry, labels: Array(repeating: 1, count: 24))
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "labels.nii").path
      try labels.write(to: path, replacing: false)
      #expect(try LabelVolume(contentsOf: path).geometry == geometry)
    }
  }

  @Test(
    "the smallest unsigned type is taken",
    arguments: [
      (Int32(255), VoxelType.uint8), (256, .uint16), (65535, .uint16), (65536, .uint32),
      (Int32.max, .uint32),
    ])
  func storageType(largest: Int32, type: VoxelType) throws {
    let labels = try LabelVolume(geometry: geometry(1, 2, 2), labels: [0, largest, 1, 2])
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "labels.nii.gz").path
      try labels.write(to: path, replacing: false)
      #expect(try NIfTIFile(path: path).header.voxelType == type)
      #expect(try LabelVolume(contentsOf: path) == labels)
    }
  }

  @Test("the same labels give the same bytes, without a time stamp")
  func deterministic() throws {
    let labels = try LabelVolume(geometry: geometry(4, 4, 4), labels: (0..<64).map { $0 % 3 })
    try withTemporaryFolder { folder in
      let files = ["a.nii.gz", "b.nii.gz"].map { folder.appending(path: $0) }
      for file in files { try labels.write(to: file.path, replacing: false) }
      let bytes = try files.map { try [UInt8](Data(contentsOf: $0)) }
      #expect(bytes[0] == bytes[1])
      #expect(bytes[0][4..<8] == [0, 0, 0, 0])
    }
  }

  @Test("a name that promises another format and an existing file are refused")
  func refusals() throws {
    let labels = try LabelVolume(geometry: geometry(1, 1, 1), labels: [0])
    try withTemporaryFolder { folder in
      for name in ["labels.png", "labels.gz", "labels"] {
        let path = folder.appending(path: name).path
        try expectFault(.usage) { try labels.write(to: path, replacing: false) }
      }
      let path = folder.appending(path: "labels.nii").path
      try labels.write(to: path, replacing: false)
      try expectFault(.cannotCreate) { try labels.write(to: path, replacing: false) }
      try labels.write(to: path, replacing: true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["labels.nii"])
    }
  }

  @Test("labels below zero and volumes of another size cannot be made")
  func invariants() throws {
    let grid = try geometry(1, 2, 1)
    try expectFault(.invalidLabel) { _ = try LabelVolume(geometry: grid, labels: [0, -1]) }
    try expectFault(.extentsMismatch) { _ = try LabelVolume(geometry: grid, labels: [0]) }
    try expectFault(.extentsMismatch) { _ = try Volume(geometry: grid, values: [0]) }
  }
}
