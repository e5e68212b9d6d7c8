import Diagnostics
import Testing

@testable import Volumes

@Suite("Going through a volume window by window: MONAI's sliding_window_inference")
struct SlidingWindowTests {
  struct Expected: Decodable {
    let shape: [Int]
    let window: [Int]
    let overlap: [Double]
    let mode: String
    let channels: [[Float]]
    let scores: [[Float]]
    let labels: String

    var volumes: [Volume] {
      get throws {
        let grid = try geometry(shape[0], shape[1], shape[2])
        return try channels.map { try Volume(geometry: grid, values: $0) }
      }
    }

    func windows(_ blending: WindowBlending? = nil) throws -> SlidingWindows {
      let extents = try VolumeExtents(height: shape[0], width: shape[1], depth: shape[2])
      return SlidingWindows(
        grid: try WindowGrid(over: extents, window: window, overlap: overlap),
        blending: blending ?? (mode == "gaussian" ? .gaussian() : .constant), paddingValue: -0.5)
    }
  }

  static func cases() throws -> [Expected] {
    try fixtureDocument("sliding.json", as: [Expected].self)
  }

  /// The fixture's model: scores that depend on the intensity and on the place in the window.
  static func model(_ window: [Float], channels: Int) -> [Float] {
    let count = window.count / channels
    let pattern = (0..<count).map { Float($0 * 37 % 11) / 10 }
    let (first, last) = (window[..<count], window[(channels - 1) * count..<channels * count])
    return zip(first, pattern).map { $0 * 0.5 + $1 } + last.map { -$0 + 0.3 }
      + zip(first, pattern).map { $0 * $1 - 0.2 }
  }

  @Test("blended scores, constant and Gaussian, with padding and several channels")
  func scores() throws {
    for expected in try SlidingWindowTests.cases() {
      let volumes = try expected.volumes
      var largest: Float = 0
      let found = try expected.windows().scores(of: volumes, classCount: 3) {
        SlidingWindowTests.model($0, channels: volumes.count)
      }
      for (volume, wanted) in zip(found, expected.scores) {
        for (value, number) in zip(volume.values, wanted) {
          largest = max(largest, abs(value - number))
        }
      }
      #expect(largest <= 1e-5, "\(expected.shape) in \(expected.window), \(expected.mode)")
    }
  }

  @Test("labels are those of the blended scores")
  func labels() throws {
    for expected in try SlidingWindowTests.cases() {
      let volumes = try expected.volumes
      var calls: [Int] = []
      let windows = try expected.windows()
      let found = try windows.labels(
        of: volumes, classCount: 3,
        progress: { done, total in
          calls.append(done)
          #expect(total == windows.grid.windowCount)
        },
        model: { SlidingWindowTests.model($0, channels: volumes.count) })
      #expect(found.labels.map(String.init).joined() == expected.labels)
      #expect(calls == Array(1...windows.grid.windowCount))
    }
  }

  @Test("the other blending would be noticed")
  func negativeControl() throws {
    let expected = try #require(SlidingWindowTests.cases().first)
    let found = try expected.windows(.gaussian(scale: 0.125)).scores(
      of: expected.volumes, classCount: 3
    ) { SlidingWindowTests.model($0, channels: 1) }
    #expect(zip(found[0].values, expected.scores[0]).contains { abs($0 - $1) > 1e-2 })
  }

  @Test("probabilities are the softmax of the blended scores")
  func probabilities() throws {
    let expected = try #require(SlidingWindowTests.cases().first)
    let found = try expected.windows().scores(
      of: expected.volumes, classCount: 3, asProbabilities: true
    ) { SlidingWindowTests.model($0, channels: 1) }
    for voxel in found[0].values.indices {
      let sum = found.reduce(0) { $0 + $1.values[voxel] }
      #expect(abs(sum - 1) < 1e-6)
      // Differences of scores are logarithms of ratios.
      let ratio = found[0].values[voxel] / found[1].values[voxel]
      let wanted = exponential(expected.scores[0][voxel] - expected.scores[1][voxel])
      #expect(abs(ratio - wanted) <= 1e-4 * wanted)
    }
  }

  @Test("only a layer of scores is held, and one too large is refused")
  func memory() throws {
    let extents = try VolumeExtents(height: 64, width: 64, depth: 100)
    let grid = try WindowGrid(over: extents, window: [32, 32, 10], overlap: [0.5, 0.5, 0.5])
    let windows = SlidingWindows(grid: grid, blending: .constant)
    #expect(windows.byteCount(classCount: 14) == 15 * 64 * 64 * 10 * 4)
    let volume = try Volume(
      geometry: geometry(64, 64, 100), values: .init(repeating: 0, count: 64 * 64 * 100))
    try expectFault(.overLimit) {
      _ = try windows.labels(of: [volume], classCount: 14, byteLimit: 1_000_000) { _ in [] }
    }
  }

  @Test("wrong counts, NaN and other grids are faults")
  func faults() throws {
    let expected = try #require(SlidingWindowTests.cases().first)
    let windows = try expected.windows()
    let volumes = try expected.volumes
    try expectFault(.invalidScores) {
      _ = try windows.labels(of: volumes, classCount: 3) { _ in [1, 2, 3] }
    }
    try expectFault(.nonFiniteScores) {
      _ = try windows.labels(of: volumes, classCount: 3) { _ in
        [Float](repeating: .nan, count: 3 * 64)
      }
    }
    try expectFault(.invalidScores) { _ = try windows.labels(of: [], classCount: 3) { _ in [] } }
    let other = try Volume(geometry: geometry(1, 1, 1), values: [0])
    try expectFault(.extentsMismatch) {
      _ = try windows.labels(of: [other], classCount: 3) { _ in [] }
    }
    let extents = try VolumeExtents(height: 2, width: 2, depth: 2)
    for overlap in [[1.0, 0, 0], [-0.1, 0, 0], [.nan, 0, 0], [0, 0]] {
      try expectFault(.usage) {
        _ = try WindowGrid(over: extents, window: [1, 1, 1], overlap: overlap)
      }
    }
    try expectFault(.usage) { _ = try WindowGrid(over: extents, window: [1], overlap: [0, 0, 0]) }
  }
}
