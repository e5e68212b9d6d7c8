import Diagnostics
import Testing

@testable import Volumes

@Suite("Metrics of segmentations: MONAI and scipy measure the same")
struct SurfaceDistanceTests {
  /// A number, or `"infinity"`.
  struct Figure: Decodable {
    let value: Double

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      value = (try? container.decode(Double.self)) ?? .infinity
    }
  }

  struct Expected: Decodable {
    let shape: [Int]
    let spacing: [Double]
    let prediction: String
    let reference: String
    let dice: Figure?
    let iou: Figure?
    let hausdorff: Figure?
    let hausdorff95: Figure?
    let average: Figure?
    let averageSymmetric: Figure?
    let scipyHausdorff: Figure?
    let scipyHausdorff95: Figure?
    let scipyAverage: Figure?
    let scipyAverageSymmetric: Figure?

    var geometry: VolumeGeometry {
      get throws {
        try VolumeGeometry(
          extents: VolumeExtents(height: shape[0], width: shape[1], depth: shape[2]),
          orientation: .upright(spacing: spacing))
      }
    }

    func labels(_ digits: String) throws -> LabelVolume {
      try LabelVolume(geometry: geometry, labels: digits.utf8.map { Int32($0) - 48 })
    }
  }

  static func cases() throws -> [Expected] {
    try fixtureDocument("surfaces.json", as: [Expected].self)
  }

  private func distances(_ expected: Expected) throws -> SurfaceDistances {
    let surfaces = try [expected.prediction, expected.reference].map {
      try LabelSurfaces(of: expected.labels($0), classCount: 2, includingBackground: false)
    }
    // As the fixtures have it: a file would round the spacing to 32 bits.
    return SurfaceDistances(
      prediction: surfaces[0].voxels[1], reference: surfaces[1].voxels[1],
      extents: try expected.geometry.extents, spacing: expected.spacing)
  }

  private func expectSame(
    _ found: Double?, _ wanted: Figure?, _ name: String, _ index: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let agree: Bool
    switch (found, wanted?.value) {
    case (nil, nil): agree = true
    case (let found?, let wanted?):
      agree = found == wanted || abs(found - wanted) <= 1e-6 * max(1, abs(wanted))
    default: agree = false
    }
    #expect(
      agree,
      "case \(index), \(name): \(String(describing: found)), not \(String(describing: wanted))",
      sourceLocation: sourceLocation)
  }

  @Test("Dice and intersection over union")
  func overlap() throws {
    for (index, expected) in try SurfaceDistanceTests.cases().enumerated() {
      let matrix = try ConfusionMatrix(
        prediction: expected.labels(expected.prediction),
        reference: expected.labels(expected.reference), classCount: 2)
      // MONAI gives no number where the reference lacks the class, unless told what to give.
      guard expected.reference.contains("1") else { continue }
      expectSame(matrix.overlap(of: 1).dice, expected.dice, "Dice", index)
      expectSame(matrix.overlap(of: 1).intersectionOverUnion, expected.iou, "IoU", index)
    }
  }

  @Test("surface distances as MONAI has them, over random and degenerate masks")
  func asMONAI() throws {
    for (index, expected) in try SurfaceDistanceTests.cases().enumerated() {
      let found = try distances(expected)
      expectSame(found.hausdorff(percentile: 100), expected.hausdorff, "Hausdorff", index)
      expectSame(found.average, expected.average, "average", index)
      expectSame(found.averageSymmetric, expected.averageSymmetric, "symmetric average", index)
      // Of a percentile over infinite distances, torch makes no number.
      guard let wanted = expected.hausdorff95 else {
        #expect(found.hausdorff95?.isFinite != true)
        continue
      }
      expectSame(found.hausdorff95, wanted, "95th percentile", index)
    }
  }

  @Test("and by scipy's exact distance transforms")
  func asScipy() throws {
    var measured = 0
    for (index, expected) in try SurfaceDistanceTests.cases().enumerated() {
      guard expected.scipyHausdorff != nil else { continue }
      let found = try distances(expected)
      measured += 1
      expectSame(found.hausdorff(percentile: 100), expected.scipyHausdorff, "Hausdorff", index)
      expectSame(found.hausdorff95, expected.scipyHausdorff95, "95th percentile", index)
      expectSame(found.average, expected.scipyAverage, "average", index)
      expectSame(
        found.averageSymmetric, expected.scipyAverageSymmetric, "symmetric average", index)
    }
    #expect(measured >= 10)
  }

  @Test("a spacing with two axes exchanged would be noticed")
  func negativeControl() throws {
    let expected = try #require(
      SurfaceDistanceTests.cases().first { $0.shape[0] > 10 && $0.spacing[0] != $0.spacing[2] })
    let surfaces = try [expected.prediction, expected.reference].map {
      try LabelSurfaces(of: expected.labels($0), classCount: 2, includingBackground: false)
    }
    let found = SurfaceDistances(
      prediction: surfaces[0].voxels[1], reference: surfaces[1].voxels[1],
      extents: try expected.geometry.extents, spacing: expected.spacing.reversed())
    let wanted = try #require(expected.average?.value)
    #expect(abs((found.average ?? 0) - wanted) > 1e-2)
  }

  @Test("all metrics of a volume at once, the background's surface only when asked for")
  func together() throws {
    for (index, expected) in try SurfaceDistanceTests.cases().enumerated() {
      let metrics = try SegmentationMetrics(
        prediction: expected.labels(expected.prediction),
        reference: expected.labels(expected.reference), classCount: 2)
      let found = metrics.classes[1]
      #expect(metrics.classes[0].hausdorff95 == nil)
      if let average = expected.average?.value, average.isFinite {
        #expect(abs((found.averageSurfaceDistance ?? -1) - average) <= 1e-5 * max(1, average))
      }
      let surplus =
        expected.prediction.utf8.filter { $0 == 49 }.count
        - expected.reference.utf8.filter { $0 == 49 }.count
      let voxel = abs(try expected.geometry.affine.determinant)
      #expect(abs(found.volumeDifference - Double(surplus) * voxel) <= 1e-9, "case \(index)")
    }
  }
}
