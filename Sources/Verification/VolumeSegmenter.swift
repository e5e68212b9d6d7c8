import Diagnostics
import Segmenter
import Tensors
import Volumes

/// A model set to work on whole volumes.
///
/// One that scores the middle slice of its window goes slice by slice, the paper's scheme (a 2D
/// model's window is one slice deep); one that scores whole windows goes window by window and blends
/// them, as MONAI's `sliding_window_inference` does.
package struct VolumeSegmenter: Sendable {
  private let model: any WindowModel
  private let preparation: VolumePreparation
  private let windows: WindowOptions
  package let classCount: Int
  /// Whether it goes slice by slice.
  package let goesBySlices: Bool

  /// - Parameter windows: nil for the model's own; for models that score whole windows alone.
  /// - Throws: `invalid-data` when the checkpoint has no decoder, `usage` when the options do not
  ///   apply to the model.
  package init(
    model: any WindowModel, preparation: VolumePreparation, windows: WindowOptions? = nil
  ) throws {
    guard let logitsExtents = model.logitsExtents else {
      throw Fault(
        .invalidData, "the checkpoint has no decoder and cannot segment",
        remedy: "convert it again with a decoder")
    }
    self.model = model
    self.preparation = preparation
    self.windows = windows ?? WindowOptions()
    classCount = logitsExtents[0]
    goesBySlices = logitsExtents.count == 3
    guard !goesBySlices || windows == nil else {
      throw Fault(
        .usage, "this model scores one slice at a time: there are no windows to choose",
        remedy: "leave out --roi, --overlap and --blend")
    }
  }

  /// The class with the largest score at each voxel, on the scan's own grid.
  ///
  /// - Parameters:
  ///   - channels: the scan's, as they were read.
  ///   - byteLimit: what the scan's copies, the labels and the blended scores may fill.
  ///   - journal: where what is finished is kept, and what an earlier run finished is taken from.
  ///   - progress: called with how many of how many slices or windows are done.
  /// - Throws: `channel-mismatch` when the model takes another number of channels, `over-limit`, and
  ///   what the parts throw.
  package func labels(
    of channels: [Volume], byteLimit: Int = .max, journal: RunJournal? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> LabelVolume {
    try check(channels, byteLimit: byteLimit, wordsPerVoxel: 1)
    let prepared = try preparation.prepared(channels)
    let found: LabelVolume
    if goesBySlices {
      found = try slices().labels(
        of: prepared.channels, journal: journal, progress: progress, model: scoreSlice)
    } else {
      let sliding = try slidingWindows(over: prepared)
      found = try sliding.labels(
        of: prepared.channels, classCount: classCount, byteLimit: byteLimit, journal: journal,
        progress: progress, model: { try scoreWindow($0, size: sliding.grid.window) })
    }
    return try prepared.restored(found)
  }

  /// The probability of each class at each voxel, on the scan's own grid: one volume a class.
  ///
  /// - Throws: as `labels`.
  package func probabilities(
    of channels: [Volume], byteLimit: Int = .max, journal: RunJournal? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> [Volume] {
    try check(channels, byteLimit: byteLimit, wordsPerVoxel: classCount)
    let prepared = try preparation.prepared(channels)
    let found: [Volume]
    if goesBySlices {
      found = try slices().probabilities(
        of: prepared.channels, classCount: classCount, journal: journal, progress: progress,
        model: scoreSlice)
    } else {
      let sliding = try slidingWindows(over: prepared)
      found = try sliding.scores(
        of: prepared.channels, classCount: classCount, asProbabilities: true,
        byteLimit: byteLimit, journal: journal, progress: progress,
        model: { try scoreWindow($0, size: sliding.grid.window) })
    }
    return try found.map { try prepared.restored($0) }
  }

  private func slices() throws -> SliceSegmentation {
    let extents = model.windowExtents
    return try SliceSegmentation(
      windowDepth: extents[1], imageSize: PlaneSize(height: extents[2], width: extents[3]))
  }

  private func slidingWindows(over prepared: PreparedVolume) throws -> SlidingWindows {
    let extents = model.windowExtents
    let grid = try WindowGrid(
      over: prepared.channels[0].extents,
      window: windows.size ?? [extents[2], extents[3], extents[1]],
      overlap: [Double](repeating: windows.overlap, count: 3))
    return SlidingWindows(grid: grid, blending: windows.blending)
  }

  private func scoreSlice(_ window: [[Plane]]) throws -> ClassScores {
    let plane = window[0][0]
    let input = try FloatTensor(
      shape: Shape([window.count, window[0].count, plane.height, plane.width]),
      values: window.flatMap { $0.flatMap(\.values) })
    let logits = try model.logits(for: input)
    return try ClassScores(
      classCount: logits.shape[0],
      size: PlaneSize(height: logits.shape[1], width: logits.shape[2]), values: logits.values)
  }

  /// - Parameter window: `[channels, height, width, depth]`.
  /// - Returns: `[classes, height, width, depth]`.
  private func scoreWindow(_ window: [Float], size: VolumeExtents) throws -> [Float] {
    let (height, width, depth) = (size.height, size.width, size.depth)
    let pixels = height * width
    let channels = window.count / (pixels * depth)
    var input = [Float](repeating: 0, count: window.count)
    transpose(window, into: &input, rows: pixels, columns: depth, count: channels)
    let logits = try model.logits(
      for: FloatTensor(shape: Shape([channels, depth, height, width]), values: input))
    guard logits.shape.extents == [classCount, depth, height, width] else {
      throw Fault(
        .invalidScores, "scores of \(logits.shape) for a window of \(size) voxels",
        remedy: "choose a --roi that the model takes")
    }
    var scores = [Float](repeating: 0, count: logits.values.count)
    transpose(logits.values, into: &scores, rows: depth, columns: pixels, count: classCount)
    return scores
  }

  private func check(_ channels: [Volume], byteLimit: Int, wordsPerVoxel: Int) throws {
    let taken = model.windowExtents[0]
    guard channels.count == taken || channels.count == 1 else {
      throw Fault(
        .channelMismatch, "the scan has \(channels.count) channels, the model takes \(taken)",
        remedy: "give a scan of one channel, or of the model's own")
    }
    // The scan as it was read, as it is prepared, and the result.
    let voxels = Double(channels[0].extents.voxelCount)
    let needed = 4 * voxels * Double(2 * channels.count + wordsPerVoxel)
    guard needed <= Double(byteLimit) else {
      throw Fault(
        .overLimit,
        "the scan and its result take about \(Int(needed / 1e6)) MB of memory; "
          + "\(byteLimit / 1_000_000) MB are left for them",
        remedy: "allow more memory, or crop the scan")
    }
  }
}

/// Exchanges the two axes of each of `count` matrices of `rows` by `columns`, row-major.
private func transpose(
  _ values: [Float], into result: inout [Float], rows: Int, columns: Int, count: Int
) {
  let source = values.span
  var target = result.mutableSpan
  for matrix in 0..<count {
    let start = matrix * rows * columns
    for row in 0..<rows {
      for column in 0..<columns {
        target[start + column * rows + row] = source[start + row * columns + column]
      }
    }
  }
}

extension Fault.Code {
  package static let invalidData = Fault.Code("invalid-data", exit: .invalidData)
  /// A scan has another number of channels than the model takes.
  package static let channelMismatch = Fault.Code("channel-mismatch", exit: .invalidData)
}
