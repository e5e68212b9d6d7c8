import Diagnostics
import Foundation
import Testing

@testable import Volumes

@Suite("Reading NIfTI-2, and voxels of several numbers: nibabel and numpy read the same")
struct NIfTI2ReadingTests {
  struct Expected: Decodable {
    let shape: [Int]
    let affine: [Double]
    let channels: [[Double]]
  }

  static func expectations() throws -> [String: Expected] {
    try fixtureDocument("more-volumes.json", as: [String: Expected].self)
  }

  static let names = [
    "complex128-big.nii", "complex256-little.nii", "complex64-little.nii", "float128-big.nii",
    "float128-little.nii", "nifti2-float32-little.nii", "nifti2-float64-big.nii",
    "nifti2-four-channels.nii.gz", "nifti2-int16-little.nii.gz", "nifti2-uint8-big.nii",
    "rgb24.nii", "rgba32.nii",
  ]

  @Test("every fixture is asked for")
  func everyFixture() throws {
    #expect(try NIfTI2ReadingTests.expectations().keys.sorted() == NIfTI2ReadingTests.names)
  }

  @Test("geometry and every channel's voxels", arguments: names)
  func voxels(name: String) throws {
    let expected = try #require(NIfTI2ReadingTests.expectations()[name])
    let file = try NIfTIFile(path: fixturePath(name))
    let channels = try file.channels()
    // The first version's header rounds to 32 bits what the fixture's script meant.
    let affine = expected.affine.map { file.header.version == .one ? Double(Float($0)) : $0 }
    #expect(channels.count == expected.channels.count)
    for (channel, wanted) in zip(channels, expected.channels) {
      #expect(channel.extents.counts == Array(expected.shape.prefix(3)))
      #expect(channel.values == wanted.map { Float($0) })
      for (found, number) in zip(channel.geometry.affine.rowMajor, affine) {
        #expect(abs(found - number) <= 1e-12 * max(1, abs(number)))
      }
    }
  }

  @Test(
    "what the header places comes out bit for bit when a volume is written again",
    arguments: ["nifti2-float32-little.nii", "nifti2-int16-little.nii.gz", "nifti2-uint8-big.nii"])
  func writtenAgain(name: String) throws {
    let volume = try Volume(contentsOf: fixturePath(name))
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "again.nii").path
      try volume.write(to: path, replacing: false)
      let file = try NIfTIFile(path: path)
      #expect(file.header.version == .two)
      #expect(file.header.voxelType == .float32)
      #expect(try file.volume() == volume)
    }
  }

  @Test("a spoilt magic, a negative extent and a short header are refused")
  func refusals() throws {
    let bytes = try fixtureBytes("nifti2-float32-little.nii")
    let layout = HeaderLayout.nifti2
    var magic = bytes
    magic[layout.magic + 4] = 0
    var extent = bytes
    extent.replaceSubrange(
      layout.dimensions + 8..<layout.dimensions + 16, with: [UInt8](repeating: 0xFF, count: 8))
    var huge = bytes
    huge[layout.dimensions + 15] = 0x7F
    for (spoilt, code) in [
      (magic, Fault.Code.notNIfTI), (extent, .invalidDimensions), (huge, .invalidDimensions),
      (Array(bytes[..<400]), .notNIfTI), (Array(bytes.dropLast()), .truncatedVolume),
    ] {
      try withFile(spoilt) { path in
        try expectFault(code) { _ = try Volume(contentsOf: path) }
      }
    }
  }

  @Test("no value of any byte of the header brings the parser down")
  func everyHeaderByte() throws {
    let header = try Array(
      fixtureBytes("nifti2-float64-big.nii").prefix(HeaderLayout.nifti2.byteCount))
    for offset in header.indices {
      for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
        var spoilt = header
        spoilt[offset] = value
        do {
          let parsed = try NIfTIHeader(parsing: spoilt)
          #expect(parsed.geometry.affine.isFinite)
        } catch is Fault {}
      }
    }
  }

  @Test("channels are written as one file and read back")
  func channelsWritten() throws {
    let channels = try NIfTIFile(path: fixturePath("nifti2-four-channels.nii.gz")).channels()
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "probabilities.nii.gz").path
      try Volume.write(channels, to: path, replacing: false)
      #expect(try NIfTIFile(path: path).channels() == channels)
      let other = try Volume(geometry: geometry(1, 1, 1), values: [0])
      try expectFault(.extentsMismatch) {
        try Volume.write([channels[0], other], to: path, replacing: true)
      }
      try expectFault(.usage) { try Volume.write([], to: path, replacing: true) }
    }
  }

  @Test("extents beyond NIfTI-1's 16 bits are written as NIfTI-2")
  func largeExtents() throws {
    let labels = try LabelVolume(
      geometry: geometry(40_000, 1, 1), labels: (0..<40_000).map { $0 & 1 })
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "long.nii.gz").path
      try labels.write(to: path, replacing: false)
      #expect(try NIfTIFile(path: path).header.version == .two)
      #expect(try LabelVolume(contentsOf: path).labels == labels.labels)
    }
  }
}
