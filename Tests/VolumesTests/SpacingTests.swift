import Diagnostics
import Testing

@testable import Volumes

@Suite("Resampling to a spacing: MONAI's Spacing gives the same")
struct SpacingTests {
  struct Expected: Decodable {
    let affine: [Double]
    let shape: [Int]
    let spacing: [Double]
    let values: [Float]
    let interpolation: String
    let targetAffine: [Double]
    let targetShape: [Int]
    let result: [Float]

    var volume: Volume {
      get throws {
        var fields = OrientationFields.upright()
        fields.matrix = Array(affine[..<12])
        let extents = try VolumeExtents(height: shape[0], width: shape[1], depth: shape[2])
        return try Volume(
          geometry: VolumeGeometry(extents: extents, orientation: fields), values: values)
      }
    }
  }

  static func cases() throws -> [Expected] {
    try fixtureDocument("spacing.json", as: [Expected].self)
  }

  private func resampled(_ expected: Expected) throws -> Volume {
    let volume = try expected.volume
    let target = try volume.geometry.respaced(to: expected.spacing)
    let interpolation = try #require(Interpolation(rawValue: expected.interpolation))
    return try Resampling(from: volume.geometry, onto: target).resampled(volume, interpolation)
  }

  @Test("grids: extents and affine")
  func grids() throws {
    for expected in try SpacingTests.cases() {
      let found = try resampled(expected)
      #expect(found.extents.counts == expected.targetShape)
      for (number, wanted) in zip(found.geometry.affine.rowMajor, expected.targetAffine) {
        #expect(abs(number - wanted) <= 1e-9 * max(1, abs(wanted)))
      }
    }
  }

  @Test("voxels: linear, nearest and cubic")
  func voxels() throws {
    for expected in try SpacingTests.cases() {
      let found = try resampled(expected)
      // A spline's coefficients are kept in 32 bits; neighbours are not mixed by the others.
      let tolerance: Float = ["nearest": 0, "linear": 1e-4, "cubic": 2e-3][expected.interpolation]!
      for (value, wanted) in zip(found.values, expected.result) {
        #expect(
          abs(value - wanted) <= tolerance,
          "\(expected.interpolation) to \(expected.spacing): \(value), not \(wanted)")
      }
    }
  }

  @Test("a scan moved by a tenth of a voxel would be noticed")
  func negativeControl() throws {
    let expected = try #require(SpacingTests.cases().first { $0.interpolation == "linear" })
    let volume = try expected.volume
    var fields = try volume.geometry.respaced(to: expected.spacing).orientation
    fields.matrix[3] += 0.1
    let target = try VolumeGeometry(
      extents: volume.geometry.respaced(to: expected.spacing).extents, orientation: fields)
    let found = try Resampling(from: volume.geometry, onto: target).resampled(volume, .linear)
    #expect(zip(found.values, expected.result).contains { abs($0 - $1) > 1 })
  }

  @Test("labels take the nearest voxel's and come back to their own grid")
  func labels() throws {
    let grid = try geometry(6, 5, 4)
    let labels = try LabelVolume(geometry: grid, labels: (0..<120).map { Int32($0 / 30) })
    let finer = try grid.respaced(to: [0.5, 0.5, 0.5])
    let there = try Resampling(from: grid, onto: finer).resampled(labels)
    #expect(there.extents.counts == [11, 9, 7])
    #expect(try Resampling(from: finer, onto: grid).resampled(there) == labels)
  }

  @Test("spacings that give no grid are refused")
  func refusals() throws {
    let grid = try geometry(3, 3, 3)
    try expectFault(.usage) { _ = try grid.respaced(to: [1, 1]) }
    try expectFault(.usage) { _ = try grid.respaced(to: [1, .nan, 1]) }
    try expectFault(.invalidDimensions) { _ = try grid.respaced(to: [1e-300, 1e-300, 1]) }
    let other = try Volume(geometry: geometry(1, 1, 1), values: [0])
    let resampling = try Resampling(from: grid, onto: grid)
    try expectFault(.extentsMismatch) { _ = try resampling.resampled(other, .linear) }
  }
}
