import Diagnostics
import Tensors
import Testing
import Volumes

@testable import Verification

/// A model that is a plain function of its window.
struct FunctionModel: WindowModel {
  let windowExtents: [Int]
  let logitsExtents: [Int]?
  let function: @Sendable (FloatTensor) throws -> FloatTensor

  func logits(for window: FloatTensor) throws -> FloatTensor { try function(window) }

  /// Three classes: the intensity of the first channel, that of the last mirrored about a half, and a
  /// constant, at every voxel of whatever window it is shown.
  static func volumes(channels: Int = 1, window: [Int] = [4, 6, 5]) -> FunctionModel {
    FunctionModel(
      windowExtents: [channels] + window, logitsExtents: [3] + window
    ) { input in
      let count = input.shape.elementCount / input.shape[0]
      let first = input.values[..<count]
      let last = input.values[(input.shape[0] - 1) * count..<input.shape[0] * count]
      return try FloatTensor(
        shape: Shape([3] + input.shape.extents.dropFirst()),
        values: Array(first) + last.map { 1 - $0 } + [Float](repeating: 0.55, count: count))
    }
  }
}

@Suite("Segmenting volumes with any model")
struct VolumeSegmenterTests {
  static func geometry(_ height: Int, _ width: Int, _ depth: Int) throws -> VolumeGeometry {
    try VolumeGeometry(
      extents: VolumeExtents(height: height, width: width, depth: depth),
      orientation: .upright(spacing: [1, 1, 2]))
  }

  static func scan(_ height: Int, _ width: Int, _ depth: Int, scale: Int = 37) throws -> Volume {
    let count = height * width * depth
    return try Volume(
      geometry: geometry(height, width, depth),
      values: (0..<count).map { Float($0 * scale % 101) / 100 })
  }

  /// Where a model does not look beyond a voxel, windows change nothing.
  private func expected(_ first: Float, _ last: Float) -> Int32 {
    let scores = [first, 1 - last, 0.55]
    return Int32(scores.firstIndex(of: scores.max() ?? 0) ?? 0)
  }

  @Test("voxels and channels come to the model and back in their places, over any windows")
  func places() throws {
    let scan = try Self.scan(7, 9, 11)
    let other = try Self.scan(7, 9, 11, scale: 53)
    for channels in [[scan], [scan, other]] {
      let labels = zip(scan.values, (channels.last ?? scan).values).map { expected($0, $1) }
      for size in [nil, [3, 4, 5], [9, 9, 20], [7, 1, 2]] as [[Int]?] {
        for blending in [WindowBlending.constant, .gaussian()] {
          let segmenter = try VolumeSegmenter(
            model: FunctionModel.volumes(channels: channels.count),
            preparation: VolumePreparation(),
            windows: WindowOptions(size: size, overlap: 0.5, blending: blending))
          let found = try segmenter.labels(of: channels)
          #expect(found.labels == labels)
          #expect(found.geometry == scan.geometry)
        }
      }
    }
  }

  @Test("an axis taken for another would be noticed")
  func negativeControl() throws {
    let scan = try Self.scan(7, 7, 7)
    let model = FunctionModel(windowExtents: [1, 7, 7, 7], logitsExtents: [3, 7, 7, 7]) { input in
      let right = try FunctionModel.volumes().logits(for: input)
      // Depth and height exchanged.
      let turned = try Rearrangement(
        split: right.shape.extents, order: [0, 2, 1, 3], shape: right.shape)
      return try turned.applied(to: right)
    }
    let segmenter = try VolumeSegmenter(model: model, preparation: VolumePreparation())
    #expect(try segmenter.labels(of: [scan]).labels != scan.values.map { expected($0, $0) })
  }

  @Test("probabilities are on the scan's grid and add up to 1")
  func probabilities() throws {
    let scan = try Self.scan(6, 5, 8)
    for spacing in [nil, [1.0, 1, 1]] as [[Double]?] {
      let segmenter = try VolumeSegmenter(
        model: FunctionModel.volumes(),
        preparation: VolumePreparation(orientation: .ras, spacing: spacing))
      let found = try segmenter.probabilities(of: [scan])
      #expect(found.count == 3)
      for voxel in scan.values.indices {
        #expect(found[0].geometry == scan.geometry)
        #expect(abs(found.reduce(0) { $0 + $1.values[voxel] } - 1) < 1e-5)
      }
    }
  }

  @Test("a model of slices goes by slices, and has no windows to choose")
  func slices() throws {
    let model = FunctionModel(windowExtents: [1, 3, 4, 4], logitsExtents: [2, 4, 4]) { input in
      let middle = Array(input.values[16..<32])
      return try FloatTensor(
        shape: Shape([2, 4, 4]), values: middle + middle.map { 1 - $0 })
    }
    let scan = try Self.scan(4, 4, 5)
    let segmenter = try VolumeSegmenter(model: model, preparation: VolumePreparation())
    #expect(segmenter.goesBySlices)
    #expect(try segmenter.labels(of: [scan]).labels == scan.values.map { $0 < 0.5 ? 1 : 0 })
    let fault = try #require(throws: Fault.self) {
      try VolumeSegmenter(
        model: model, preparation: VolumePreparation(), windows: WindowOptions())
    }
    #expect(fault.code == .usage)
  }

  @Test("other channels, too little memory, and a window the model does not take are faults")
  func faults() throws {
    let scan = try Self.scan(6, 6, 6)
    let segmenter = try VolumeSegmenter(
      model: FunctionModel.volumes(channels: 3), preparation: VolumePreparation())
    let channels = try #require(throws: Fault.self) { try segmenter.labels(of: [scan, scan]) }
    #expect(channels.code == .channelMismatch)
    let memory = try #require(throws: Fault.self) {
      try segmenter.labels(of: [scan], byteLimit: 1000)
    }
    #expect(memory.code == .overLimit)
    let stubborn = FunctionModel(windowExtents: [1, 4, 4, 4], logitsExtents: [3, 4, 4, 4]) { _ in
      try FloatTensor(shape: Shape([3, 4, 4, 4]), values: [Float](repeating: 0, count: 192))
    }
    let window = try #require(throws: Fault.self) {
      try VolumeSegmenter(
        model: stubborn, preparation: VolumePreparation(),
        windows: WindowOptions(size: [2, 2, 2])
      ).labels(of: [scan])
    }
    #expect(window.code == .invalidScores)
  }

  @Test("labels found on a turned and finer grid come back to the scan's")
  func restored() throws {
    var fields = OrientationFields.upright()
    fields.matrix = [0, -1, 0, 9, 0, 0, 2, -3, 1, 0, 0, 4]
    let geometry = try VolumeGeometry(
      extents: VolumeExtents(height: 8, width: 6, depth: 5), orientation: fields)
    let scan = try Volume(
      geometry: geometry, values: (0..<240).map { $0 % 8 < 4 ? 0.1 : 0.9 })
    let segmenter = try VolumeSegmenter(
      model: FunctionModel.volumes(),
      preparation: VolumePreparation(orientation: .ras, spacing: [0.5, 0.5, 0.5]))
    let found = try segmenter.labels(of: [scan])
    #expect(found.geometry == geometry)
    #expect(found.labels == scan.values.map { expected($0, $0) })
  }
}
