import Diagnostics
import Testing

@testable import Volumes

@Suite("Turning volumes into another frame: nibabel turns them so")
struct OrientationTests {
  struct Expected: Decodable {
    let affine: [Double]
    let codes: String
    let target: String
    let targetAffine: [Double]
    let shape: [Int]
    let encodingAxes: UInt8
    let values: [Float]
  }

  static func cases() throws -> [Expected] {
    try fixtureDocument("orientation.json", as: [Expected].self)
  }

  /// The fixtures' volume of 2 × 3 × 4 voxels, which counts up with its last axis fastest.
  private func volume(_ expected: Expected) throws -> Volume {
    var fields = OrientationFields.upright()
    fields.matrix = Array(expected.affine[..<12])
    fields.encodingAxes = 0b11_10_01
    let grid = try VolumeGeometry(
      extents: VolumeExtents(height: 2, width: 3, depth: 4), orientation: fields)
    let values = (0..<24).map { (index: Int) -> Float in
      let (row, column, slice) = (index % 2, index / 2 % 3, index / 6)
      return Float(row * 12 + column * 4 + slice)
    }
    return try Volume(geometry: grid, values: values)
  }

  @Test("axes are named as nibabel names them, sheared ones and ties among them")
  func codes() throws {
    for expected in try OrientationTests.cases() {
      let found = try AxisCodes(of: volume(expected).geometry.affine)
      #expect("\(found)" == expected.codes, "\(expected.affine)")
    }
  }

  @Test("voxels, affine and dim_info come out as as_reoriented has them, and go back")
  func turning() throws {
    for expected in try OrientationTests.cases() {
      let volume = try volume(expected)
      let turn = try Reorientation(
        from: volume.geometry, to: AxisCodes(parsing: expected.target))
      let turned = try turn.applied(to: volume)
      #expect(turned.extents.counts == expected.shape)
      #expect(turned.values == expected.values)
      #expect(turned.geometry.orientation.encodingAxes == expected.encodingAxes)
      for (found, wanted) in zip(turned.geometry.affine.rowMajor, expected.targetAffine) {
        #expect(abs(found - wanted) <= 1e-9)
      }
      #expect(try turn.reverted(turned) == volume)
      let labels = try LabelVolume(
        geometry: volume.geometry, labels: volume.values.map { Int32($0) })
      let turnedLabels = try turn.applied(to: labels)
      #expect(turnedLabels.labels == expected.values.map { Int32($0) })
      #expect(try turn.reverted(turnedLabels) == labels)
    }
  }

  @Test("another frame than the fixture's would be noticed")
  func negativeControl() throws {
    let expected = try #require(OrientationTests.cases().first { $0.target == "RAS" })
    let volume = try volume(expected)
    let turn = try Reorientation(from: volume.geometry, to: AxisCodes(parsing: "LAS"))
    #expect(try turn.applied(to: volume).values != expected.values)
  }

  @Test("three letters name a frame", arguments: ["", "RA", "RAR", "RASI", "XYZ", "RLS", "R S"])
  func noFrame(text: String) throws {
    try expectFault(.usage) { _ = try AxisCodes(parsing: text) }
    #expect(try AxisCodes(parsing: "ras") == .ras)
  }

  @Test("a volume of another grid is not turned")
  func anotherGrid() throws {
    let turn = try Reorientation(from: geometry(2, 3, 4), to: .ras)
    #expect(turn.isIdentity)
    let other = try Volume(geometry: geometry(1, 1, 1), values: [0])
    try expectFault(.extentsMismatch) { _ = try turn.applied(to: other) }
    try expectFault(.extentsMismatch) { _ = try turn.reverted(other) }
  }
}
