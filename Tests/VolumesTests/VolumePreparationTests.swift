import Diagnostics
import Testing

@testable import Volumes

@Suite("Bringing a scan before a model and its answer back")
struct VolumePreparationTests {
  /// A left-handed grid of 4 × 6 × 5 voxels, 1 × 1 × 2 apart, whose first axis runs upwards.
  private func scan() throws -> Volume {
    var fields = OrientationFields.upright()
    fields.matrix = [0, -1, 0, 9, 0, 0, 2, -3, 1, 0, 0, 4]
    let grid = try VolumeGeometry(
      extents: VolumeExtents(height: 4, width: 6, depth: 5), orientation: fields)
    return try Volume(geometry: grid, values: (0..<120).map { Float($0) })
  }

  @Test("turned, resampled and normalised, in this order")
  func prepared() throws {
    let scan = try scan()
    let window = try IntensityWindow(low: 0, high: 120)
    let prepared = try VolumePreparation(
      orientation: .ras, spacing: [1, 1, 1], intensities: .window(window)
    ).prepared([scan])
    let volume = prepared.channels[0]
    #expect(volume.extents.counts == [6, 9, 4])
    #expect("\(try AxisCodes(of: volume.geometry.affine))" == "RAS")
    #expect(volume.values.allSatisfy { (0...1).contains($0) })
    // RAS (r, a, s) is the file's (s, 5 − r, a / 2), and the values count up in the file's order.
    let linear = { (r: Int, a: Int, s: Int) in
      Float(s) + 4 * Float(5 - r) + 24 * Float(a) / 2
    }
    for (r, a, s) in [(0, 0, 0), (5, 8, 3), (2, 3, 1), (4, 7, 2)] {
      let found = volume.values[volume.extents.index(r, a, s)]
      #expect(abs(found - linear(r, a, s) / 120) < 1e-6)
    }
  }

  @Test("resampled as asked", arguments: Interpolation.allCases)
  func interpolated(interpolation: Interpolation) throws {
    let scan = try scan()
    let prepared = try VolumePreparation(
      spacing: [0.7, 0.7, 0.7], interpolation: interpolation
    ).prepared([scan])
    let resampling = try Resampling(
      from: scan.geometry, onto: scan.geometry.respaced(to: [0.7, 0.7, 0.7]))
    #expect(try prepared.channels[0] == resampling.resampled(scan, interpolation))
  }

  @Test("labels and scores come back onto the scan's very own grid")
  func restored() throws {
    let scan = try scan()
    for spacing in [nil, [1.0, 1, 1], [0.5, 0.25, 0.5]] as [[Double]?] {
      let prepared = try VolumePreparation(orientation: .ras, spacing: spacing).prepared([scan])
      let volume = prepared.channels[0]
      let labels = try LabelVolume(
        geometry: volume.geometry, labels: volume.values.map { Int32(($0 / 24).rounded(.down)) })
      let back = try prepared.restored(labels)
      #expect(back.geometry == scan.geometry)
      #expect(back.labels == scan.values.map { Int32(($0 / 24).rounded(.down)) })
      let scores = try prepared.restored(volume)
      #expect(scores.geometry == scan.geometry)
      #expect(zip(scores.values, scan.values).allSatisfy { abs($0 - $1) < 1e-3 })
    }
  }

  @Test("nothing asked for, nothing done")
  func untouched() throws {
    let scan = try scan()
    let prepared = try VolumePreparation().prepared([scan, scan])
    #expect(prepared.channels == [scan, scan])
    let labels = try LabelVolume(geometry: scan.geometry, labels: scan.values.map { Int32($0) })
    #expect(try prepared.restored(labels) == labels)
  }

  @Test("a scan is shown in the model's window, or in all that it has")
  func displayWindow() throws {
    let scan = try scan()
    let window = try IntensityWindow(low: 3, high: 4)
    #expect(try IntensityNormalisation.window(window).displayWindow(of: scan) == window)
    let whole = try IntensityNormalisation.zScore(ZScore()).displayWindow(of: scan)
    #expect(whole == (try IntensityWindow(low: 0, high: 119)))
    let flat = try Volume(geometry: geometry(1, 1, 1), values: [7])
    #expect(
      try IntensityNormalisation.asTheyAre.displayWindow(of: flat)
        == IntensityWindow(low: 7, high: 8))
  }
}
