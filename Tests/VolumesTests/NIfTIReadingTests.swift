import Diagnostics
import Foundation
import Testing

@testable import Volumes

@Suite("Reading NIfTI-1: nibabel reads the same")
struct NIfTIReadingTests {
  static let oneChannel = [
    "sform-only.nii", "qform-only.nii", "qform-half-turn.nii", "qform-left-handed.nii",
    "sform-and-qform.nii", "neither.nii", "trailing-one.nii.gz", "extension.nii.gz",
  ]
  /// Those of one number a voxel, save the one that nibabel cannot write here.
  static let typeNames = VoxelType.allCases
    .filter { $0.componentCount == 1 && $0 != .float128 }.map { "\($0)" }
  static let everyType = typeNames.flatMap { type in
    ["little", "big"].flatMap { ["\(type)-\($0).nii", "\(type)-\($0).nii.gz"] }
  }

  @Test("every type in both byte orders, plain and scaled, loose and gzipped", arguments: everyType)
  func everyVoxelType(name: String) throws {
    let expected = try #require(ExpectedVolume.all()[name])
    let volume = try Volume(contentsOf: fixturePath(name))
    #expect(volume.values == expected.values.map { Float($0) })
    #expect(volume.geometry.affine.rowMajor == expected.affine)
  }

  @Test("matrix, quaternion, both and neither place the volume", arguments: oneChannel)
  func orientation(name: String) throws {
    let expected = try #require(ExpectedVolume.all()[name])
    let volume = try Volume(contentsOf: fixturePath(name))
    let extents = volume.extents
    #expect([extents.height, extents.width, extents.depth] == Array(expected.shape.prefix(3)))
    #expect(volume.values == expected.values.map { Float($0) })
    for (found, wanted) in zip(volume.geometry.affine.rowMajor, expected.affine) {
      #expect(abs(found - wanted) <= 1e-12 * max(1, abs(wanted)))
    }
    for (found, wanted) in zip(volume.geometry.spacing, expected.spacing) {
      #expect(abs(found - wanted) <= 1e-12)
    }
  }

  @Test("the sign of pixdim[0] matters")
  func quaternionSign() throws {
    var bytes = try fixtureBytes("qform-left-handed.nii")
    let expected = try #require(ExpectedVolume.all()["qform-left-handed.nii"])
    // -1 becomes 1.
    bytes[HeaderLayout.nifti1.voxelSizes + 3] = 0x3F
    try withFile(bytes) { path in
      let affine = try Volume(contentsOf: path).geometry.affine
      #expect(abs(affine[0, 2] + expected.affine[2]) < 1e-12)
      #expect(abs(affine[0, 1] - expected.affine[1]) < 1e-12)
    }
  }

  @Test("channels come out one volume each; one volume cannot be made of them")
  func channels() throws {
    let expected = try #require(ExpectedVolume.all()["two-channels.nii.gz"])
    let file = try NIfTIFile(path: fixturePath("two-channels.nii.gz"))
    let channels = try file.channels()
    #expect(channels.flatMap(\.values) == expected.values.map { Float($0) })
    #expect(channels.count == 2)
    try expectFault(.multiChannelVolume) { _ = try file.volume() }
    try expectFault(.multiChannelVolume) { _ = try file.labels() }
  }

  @Test("gzip is recognised by content, and may come in several members")
  func gzipByContent() throws {
    let bytes = try fixtureBytes("sform-only.nii")
    let expected = try Volume(contentsOf: fixturePath("sform-only.nii"))
    let padding: [UInt8] = [0, 0, 0]
    for cut in [1, 200, 352, 377] {
      let members = try gzipped(Array(bytes[..<cut])) + gzipped(Array(bytes[cut...])) + padding
      try withFile(members, named: "misnamed.nii") { path in
        let volume = try Volume(contentsOf: path)
        #expect(volume == expected)
      }
    }
  }

  @Test("a slope of zero or NaN means none", arguments: [[0, 0, 0, 0], [0, 0, 0xC0, 0x7F]])
  func noScaling(slope: [UInt8]) throws {
    var bytes = try fixtureBytes("sform-only.nii")
    bytes.replaceSubrange(
      HeaderLayout.nifti1.slope..<HeaderLayout.nifti1.slope + 8, with: slope + [0, 0, 0xC0, 0x7F])
    let expected = try Volume(contentsOf: fixturePath("sform-only.nii"))
    try withFile(bytes) { path in
      let volume = try Volume(contentsOf: path)
      #expect(volume.values == expected.values)
    }
  }

  @Test("an axial plane is row-major with the first axis as height")
  func axialPlane() throws {
    let volume = try Volume(contentsOf: fixturePath("sform-only.nii"))
    let plane = volume.axialPlane(1)
    #expect(plane.size == PlaneSize(height: 3, width: 4))
    // The fixture counts up with the last axis running fastest.
    for row in 0..<3 {
      for column in 0..<4 { #expect(plane[row, column] == Float((row * 4 + column) * 2 + 1)) }
    }
  }

  @Test("labels are read from any type that holds whole numbers")
  func labels() throws {
    let expected = try #require(ExpectedVolume.all()["float-labels.nii.gz"])
    let labels = try LabelVolume(contentsOf: fixturePath("float-labels.nii.gz"))
    #expect(labels.labels == expected.values.map { Int32($0) })
    #expect(labels.largestLabel == 3)
  }

  @Test(
    "what is no class number is refused with its voxel",
    arguments: ["int16-little.nii", "uint32-big.nii", "float32-little.nii", "int8-big.nii.gz"])
  func notLabels(name: String) throws {
    let fault = try fault { _ = try LabelVolume(contentsOf: fixturePath(name)) }
    #expect(fault.code == .invalidLabel)
    #expect(fault.place.file == fixturePath(name))
    let expected = try #require(ExpectedVolume.all()[name])
    let index = try #require(
      expected.values.firstIndex { $0 < 0 || $0 > 2_147_483_647 || $0 != $0.rounded() })
    let extents = try VolumeExtents(height: 3, width: 4, depth: 2)
    #expect(fault.reason.contains("voxel \(extents.voxelName(at: index)) "))
  }
}
