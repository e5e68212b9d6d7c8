import Diagnostics
import Foundation
import Testing

@testable import Volumes

/// A header field spoilt, and what must be said about it.
struct SpoiltField: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let offset: Int
  let bytes: [UInt8]
  let code: Fault.Code
  var faultOffset: Int?

  init(
    _ description: String, at offset: Int, _ bytes: [UInt8], _ code: Fault.Code, told: Int? = nil
  ) {
    testDescription = description
    self.offset = offset
    self.bytes = bytes
    self.code = code
    faultOffset = told ?? offset
  }
}

private func bytes(_ value: Float) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
private func bytes(_ values: [Int16]) -> [UInt8] {
  values.flatMap { withUnsafeBytes(of: $0) { Array($0) } }
}

@Suite("Reading NIfTI-1: damage is named")
struct NIfTIFaultTests {
  static let fields: [SpoiltField] = [
    .init("another header length", at: 0, [92, 1, 1, 0], .notNIfTI),
    .init("no magic", at: 344, [0, 0, 0, 0], .notNIfTI),
    .init("a pair of files", at: 344, Array("ni1\0".utf8), .unsupportedNIfTI),
    .init("no dimensions", at: 40, bytes([0]), .invalidDimensions),
    .init("two dimensions", at: 40, bytes([2]), .invalidDimensions),
    .init("eight dimensions", at: 40, bytes([8]), .invalidDimensions),
    .init("negative count of dimensions", at: 40, bytes([-3]), .invalidDimensions),
    .init("no voxels", at: 44, bytes([0]), .invalidDimensions),
    .init("negative extent", at: 46, bytes([-2]), .invalidDimensions),
    .init("vectors", at: 40, bytes([5, 3, 4, 2, 1, 3]), .invalidDimensions, told: 50),
    .init("uncountable", at: 40, bytes([4] + Array(repeating: 32767, count: 4)), .truncatedVolume),
    .init("single bits", at: 70, bytes([1, 1]), .unsupportedVoxelType),
    .init("no type of NIfTI's", at: 70, bytes([77, 16]), .unsupportedVoxelType),
    .init("bitpix of another type", at: 72, bytes([8]), .voxelSizeMismatch),
    .init("voxels inside the header", at: 108, bytes(348), .invalidVoxelOffset),
    .init("negative offset", at: 108, bytes(-352), .invalidVoxelOffset),
    .init("fractional offset", at: 108, bytes(352.5), .invalidVoxelOffset),
    .init("offset that is no number", at: 108, bytes(.nan), .invalidVoxelOffset),
    .init("endless offset", at: 108, bytes(.infinity), .invalidVoxelOffset),
    .init("offset beyond the file", at: 108, bytes(1e9), .invalidVoxelOffset),
    .init("offset beyond counting", at: 108, bytes(9e18), .invalidVoxelOffset),
    .init("voxels pushed out of the file", at: 108, bytes(353), .truncatedVolume),
    .init("endless slope", at: 112, bytes(.infinity), .invalidScaling),
    .init("intercept no number", at: 112, bytes(2) + bytes(.nan), .invalidScaling, told: 116),
    .init("matrix with NaN", at: 284, bytes(.nan), .invalidOrientation, told: 280),
    .init(
      "matrix without extent", at: 280, [UInt8](repeating: 0, count: 48), .invalidOrientation),
  ]

  @Test("a spoilt header field gives its own fault with its place", arguments: fields)
  func spoiltField(field: SpoiltField) throws {
    var bytes = try fixtureBytes("sform-only.nii")
    bytes.replaceSubrange(field.offset..<field.offset + field.bytes.count, with: field.bytes)
    try withFile(bytes) { path in
      let fault = try fault { _ = try Volume(contentsOf: path) }
      #expect(fault.code == field.code)
      #expect(fault.place.file == path)
      if field.code != .truncatedVolume {
        #expect(fault.place.byteOffset == field.faultOffset.map(UInt64.init))
      }
    }
    // The same in a compressed file, where less is known before reading.
    try withFile(gzipped(bytes)) { path in
      try expectFault(field.code) { _ = try Volume(contentsOf: path) }
    }
  }

  @Test("a quaternion longer than 1 is no rotation")
  func longQuaternion() throws {
    var bytes = try fixtureBytes("qform-only.nii")
    bytes[HeaderLayout.nifti1.quaternion + 3] = 0x40
    try withFile(bytes) { path in
      try expectFault(.invalidOrientation) { _ = try Volume(contentsOf: path) }
    }
  }

  @Test("a file cut off anywhere is refused", arguments: [0, 1, 2, 347, 348, 351, 352, 399])
  func truncated(length: Int) throws {
    let bytes = try Array(fixtureBytes("sform-only.nii").prefix(length))
    // 348 to 351 bytes hold a header whose voxels begin beyond the end.
    let code: Fault.Code =
      length < 348 ? .notNIfTI : length < 352 ? .invalidVoxelOffset : .truncatedVolume
    try withFile(bytes) { path in
      try expectFault(code) { _ = try Volume(contentsOf: path) }
    }
    try withFile(gzipped(bytes)) { path in
      try expectFault(code) { _ = try Volume(contentsOf: path) }
    }
  }

  @Test("a missing file and a folder are told apart from a damaged file")
  func missing() throws {
    let path = fixturePath("absent.nii")
    try expectFault(.missingInput) { _ = try Volume(contentsOf: path) }
    try expectFault(.unreadable) { _ = try Volume(contentsOf: fixtures.path) }
  }

  @Test("a gzip file cut off anywhere is refused")
  func truncatedGzip() throws {
    let bytes = try fixtureBytes("int16-little.nii.gz")
    for length in 2..<bytes.count {
      try withFile(Array(bytes[..<length])) { path in
        try expectFault(.truncatedVolume) { _ = try Volume(contentsOf: path) }
      }
    }
  }

  @Test("a flipped bit in a gzip file is found, or changes nothing")
  func corruptGzip() throws {
    let bytes = try fixtureBytes("int16-little.nii.gz")
    let expected = try Volume(contentsOf: fixturePath("int16-little.nii.gz"))
    var found = 0
    for index in 2..<bytes.count {
      var spoilt = bytes
      spoilt[index] ^= 0x10
      try withFile(spoilt) { path in
        do {
          let volume = try Volume(contentsOf: path)
          #expect(volume == expected)
        } catch is Fault {
          found += 1
        }
      }
    }
    // All but the time stamp, the flags of the system and the like.
    #expect(found > bytes.count - 16)
  }

  @Test("a wrong checksum is called that")
  func checksum() throws {
    var bytes = try fixtureBytes("int16-little.nii.gz")
    bytes[bytes.count - 5] ^= 1
    try withFile(bytes) { path in
      let fault = try fault { _ = try Volume(contentsOf: path) }
      #expect(fault.code == .corruptGzip)
      #expect(fault.reason.contains("data check"))
    }
  }

  @Test("no value of any header byte brings the parser down")
  func everyHeaderByte() throws {
    for name in ["sform-only.nii", "qform-only.nii"] {
      let header = try Array(fixtureBytes(name).prefix(HeaderLayout.nifti1.byteCount))
      for offset in header.indices {
        for value: UInt8 in [0, 1, 0x0F, 0x7E, 0x7F, 0x80, 0xC3, 0xFF] {
          var spoilt = header
          spoilt[offset] = value
          do { _ = try NIfTIHeader(parsing: spoilt) } catch is Fault {}
        }
      }
    }
  }

  @Test("no value of a field that sizes the file brings the reader down")
  func everySizingByte() throws {
    let bytes = try fixtureBytes("sform-only.nii")
    let fields = [40..<56, 70..<74, 108..<120]
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "volume.nii")
      for offset in fields.joined() {
        for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
          var spoilt = bytes
          spoilt[offset] = value
          try Data(spoilt).write(to: file)
          do { _ = try Volume(contentsOf: file.path) } catch is Fault {}
        }
      }
    }
  }

  @Test("a small gzip file that announces a huge volume is refused before anything is inflated")
  func bomb() throws {
    var bytes = try fixtureBytes("sform-only.nii")
    bytes.replaceSubrange(42..<48, with: [0xFF, 0x7F, 0xFF, 0x7F, 0xFF, 0x7F])
    try withFile(gzipped(bytes)) { path in
      try expectFault(.truncatedVolume) { _ = try NIfTIFile(path: path) }
    }
  }

  @Test("a gzip file that goes on long after its voxels is not inflated to its end")
  func endlessGzip() throws {
    let bytes = try fixtureBytes("sform-only.nii")
    try withFile(gzipped(bytes + [UInt8](repeating: 0, count: 4 << 20))) { path in
      try expectFault(.oversizedVolume) { _ = try Volume(contentsOf: path) }
    }
    try withFile(gzipped(bytes + [UInt8](repeating: 0, count: 1000))) { path in
      let volume = try Volume(contentsOf: path)
      #expect(volume.extents.voxelCount == 24)
    }
  }

  @Test("a volume beyond the allowed memory is refused")
  func memoryLimit() throws {
    let path = fixturePath("sform-only.nii")
    #expect(try NIfTIFile(path: path, byteLimit: 96).volume().values.count == 24)
    try expectFault(.overLimit) { _ = try NIfTIFile(path: path, byteLimit: 95) }
  }

  @Test("a voxel that is no finite number is named", arguments: [Float.nan, .infinity])
  func nonFinite(value: Float) throws {
    var bytes = try fixtureBytes("float32-little.nii")
    let index = 3 * 4 + 3 + 2  // voxel (2, 1, 1)
    bytes.replaceSubrange(
      352 + 4 * index..<356 + 4 * index, with: withUnsafeBytes(of: value) { Array($0) })
    try withFile(bytes) { path in
      let fault = try fault { _ = try Volume(contentsOf: path) }
      #expect(fault.code == .nonFiniteVoxel)
      #expect(fault.reason.contains("(2, 1, 1)"))
    }
  }
}
