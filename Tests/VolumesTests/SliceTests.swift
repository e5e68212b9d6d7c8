import Diagnostics
import Testing

@testable import Volumes

@Suite("Going through a volume slice by slice")
struct SliceTests {
  struct ExpectedWindows: Decodable {
    let depth: Int
    let slices: Int
    let windows: [[Int]]
  }

  @Test("windows are numpy's edge padding, the predicted slice in their centre")
  func windows() throws {
    for expected in try fixtureDocument("windows.json", as: [ExpectedWindows].self) {
      let windows = try SliceWindows(sliceCount: expected.slices, windowDepth: expected.depth)
      let found = (0..<expected.slices).map { windows.slices(of: $0) }
      #expect(found == expected.windows)
      for (index, window) in found.enumerated() { #expect(window[windows.centre] == index) }
    }
    try expectFault(.usage) { _ = try SliceWindows(sliceCount: 2, windowDepth: 0) }
  }

  /// Every voxel of slice k has the intensity k.
  static func staircase(depth: Int) throws -> Volume {
    let values = (0..<depth).flatMap { Array(repeating: Float($0), count: 6) }
    return try Volume(geometry: geometry(2, 3, depth), values: values)
  }

  static func segmentation(depth: Int) throws -> SliceSegmentation {
    try SliceSegmentation(windowDepth: depth, imageSize: PlaneSize(height: 4, width: 4))
  }

  @Test("the model sees resized neighbours, and its answer lands on the right slice")
  func driver() throws {
    var seen: [[Int]] = []
    var progress: [Int] = []
    let note = { (done: Int, total: Int) in progress.append(done * 10 + total) }
    let labels = try SliceTests.segmentation(depth: 3).labels(
      of: [SliceTests.staircase(depth: 5)], progress: note
    ) { channels in
      #expect(channels.count == 1)
      let window = channels[0]
      seen.append(window.map { Int($0.values[0]) })
      #expect(window.allSatisfy { plane in plane.values.allSatisfy { $0 == plane.values[0] } })
      #expect(window.allSatisfy { $0.size == PlaneSize(height: 4, width: 4) })
      let centre = seen.count - 1
      let scores = (0..<5).flatMap { Array(repeating: Float($0 == centre ? 1 : 0), count: 4) }
      return try ClassScores(classCount: 5, size: PlaneSize(height: 2, width: 2), values: scores)
    }
    #expect(seen == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 4]])
    #expect(progress == [15, 25, 35, 45, 55])
    #expect(labels.labels == (0..<5).flatMap { Array(repeating: Int32($0), count: 6) })
  }

  @Test("labels keep their place in the plane")
  func placement() throws {
    let values = (0..<24).map { Float($0) }
    let volume = try Volume(geometry: geometry(2, 3, 4), values: values)
    let segmentation = try SliceSegmentation(
      windowDepth: 1, imageSize: PlaneSize(height: 2, width: 3))
    let labels = try segmentation.labels(of: [volume]) { window in
      let plane = window[0][0]
      let bright = plane.values.map { $0 >= 12 ? Float(1) : -1 }
      let odd = plane.values.map { Int($0) % 2 == 1 ? Float(2) : -2 }
      return try ClassScores(
        classCount: 3, size: plane.size, values: Array(repeating: 0, count: 6) + bright + odd)
    }
    #expect(labels.labels == (0..<24).map { $0 % 2 == 1 ? 2 : $0 >= 12 ? 1 : 0 })
  }

  private func labels(_ scores: ClassScores, at size: PlaneSize) throws -> [Int32] {
    var sink = LabelSink(voxelCount: size.pixelCount)
    try scores.forEachPixel(at: size) { row, column, scores in
      sink.put(scores, at: row * size.width + column)
    }
    return sink.labels
  }

  @Test("of equal scores the first class wins")
  func ties() throws {
    let scores = try ClassScores(
      classCount: 3, size: PlaneSize(height: 1, width: 2), values: [1, 0, 1, 2, 1, 2])
    #expect(try labels(scores, at: PlaneSize(height: 1, width: 2)) == [0, 1])
  }

  @Test("scores are resized, not labels")
  func scoresAreResized() throws {
    // The border of bilinear scores lies where they cross: at a quarter, not at the half.
    let scores = try ClassScores(
      classCount: 2, size: PlaneSize(height: 1, width: 2), values: [0, 0, -1, 3])
    #expect(try labels(scores, at: PlaneSize(height: 1, width: 8)) == [0, 0, 0, 1, 1, 1, 1, 1])
  }

  @Test("a score that is no number is a fault that names the slice")
  func nonFinite() throws {
    let fault = try fault {
      let volume = try SliceTests.staircase(depth: 5)
      _ = try SliceTests.segmentation(depth: 1).labels(of: [volume]) { window in
        let third = window[0][0].values[0] > 1.5
        return try ClassScores(
          classCount: 2, size: PlaneSize(height: 1, width: 1), values: [0, third ? .nan : 1])
      }
    }
    #expect(fault.code == .nonFiniteScores)
    #expect(fault.reason.contains("slice 2"))
  }

  @Test("a wrong count of scores is a fault")
  func wrongCount() throws {
    for (classes, count) in [(2, 3), (0, 0), (-1, 0), (Int.max, 4)] {
      let size = PlaneSize(height: 1, width: 2)
      let values = [Float](repeating: 0, count: count)
      try expectFault(.invalidScores) {
        _ = try ClassScores(classCount: classes, size: size, values: values)
      }
    }
  }

  @Test("probabilities are the softmax of the resized scores, channels go together")
  func probabilities() throws {
    let first = try SliceTests.staircase(depth: 2)
    let second = try Volume(geometry: first.geometry, values: first.values.map { 10 - $0 })
    let segmentation = try SliceSegmentation(
      windowDepth: 1, imageSize: PlaneSize(height: 2, width: 3))
    let found = try segmentation.probabilities(of: [first, second], classCount: 2) { channels in
      #expect(channels.count == 2)
      let scores = channels[0][0].values + channels[1][0].values
      return try ClassScores(classCount: 2, size: channels[0][0].size, values: scores)
    }
    #expect(found.count == 2)
    for (voxel, value) in first.values.enumerated() {
      let wanted = 1 / (1 + exponential(10 - 2 * value))
      #expect(abs(found[0].values[voxel] - wanted) < 1e-6)
      #expect(abs(found[0].values[voxel] + found[1].values[voxel] - 1) < 1e-6)
    }
    let other = try Volume(geometry: geometry(1, 1, 1), values: [0])
    try expectFault(.extentsMismatch) {
      _ = try segmentation.labels(of: [first, other]) { _ in throw Fault(.usage, "not asked") }
    }
  }

  @Test("slices scored for different numbers of classes are a fault")
  func changingClasses() throws {
    var count = 1
    try expectFault(.invalidScores) {
      let volume = try SliceTests.staircase(depth: 3)
      _ = try SliceTests.segmentation(depth: 1).labels(of: [volume]) { _ in
        count += 1
        return try ClassScores(
          classCount: count, size: PlaneSize(height: 1, width: 1),
          values: [Float](repeating: 0, count: count))
      }
    }
  }

  @Test("what the model throws passes through")
  func modelFault() throws {
    let thrown = Fault(.usage, "no such model")
    let passed = try fault {
      let volume = try SliceTests.staircase(depth: 1)
      _ = try SliceTests.segmentation(depth: 1).labels(of: [volume]) { _ in throw thrown }
    }
    #expect(passed == thrown)
  }
}
