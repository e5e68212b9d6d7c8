import Diagnostics

/// Runs a model over a volume window by window and blends what it says: the semantics of MONAI's
/// `sliding_window_inference`.
///
/// Voxels that all their windows have spoken about are finished and leave memory: at any time the
/// scores of one layer of windows are held, never those of the whole volume.
package struct SlidingWindows: Sendable {
  package let grid: WindowGrid
  package let blending: WindowBlending
  /// What the model is shown beyond the ends of a volume smaller than the window.
  package let paddingValue: Float

  package init(grid: WindowGrid, blending: WindowBlending, paddingValue: Float = 0) {
    self.grid = grid
    self.blending = blending
    self.paddingValue = paddingValue
  }

  /// The model: it gets `[channels, height, width, depth]` of the window, row-major, and gives
  /// `[classes, height, width, depth]` of the same window.
  package typealias Model = (_ window: [Float]) throws -> [Float]

  /// How many bytes blending holds at once, beside the volume and the result.
  package func byteCount(classCount: Int) -> Int {
    let layer = layerCounts.reduce(1) { $0 &* $1 }
    return (classCount + 1) &* layer &* MemoryLayout<Float>.size
  }

  /// The class with the largest blended score at each voxel; of equal scores the first wins.
  ///
  /// - Parameters:
  ///   - channels: volumes on the grid's voxels, normalised as the model expects.
  ///   - byteLimit: what `byteCount` may be at most.
  ///   - journal: where finished layers are kept, and those of an earlier run are taken from.
  ///   - progress: called after every window with how many of how many are done.
  /// - Throws: `over-limit`, `extents-mismatch`, `invalid-scores` for a wrong count of them,
  ///   `non-finite-scores`, the journal's faults, and whatever the model throws.
  package func labels(
    of channels: [Volume], classCount: Int, byteLimit: Int = .max, journal: RunJournal? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, model: Model
  ) throws -> LabelVolume {
    try check(channels, classCount: classCount, byteLimit: byteLimit)
    var sink = LabelSink(voxelCount: grid.extents.voxelCount)
    try run(
      channels, classCount: classCount, into: &sink, journal: journal, progress: progress,
      model: model)
    return try LabelVolume(geometry: channels[0].geometry, labels: sink.labels)
  }

  /// The blended scores of every class, each as a volume: all of them at once, in as much memory.
  ///
  /// - Parameter asProbabilities: whether their softmax is taken, voxel by voxel.
  /// - Throws: as `labels`.
  package func scores(
    of channels: [Volume], classCount: Int, asProbabilities: Bool = false, byteLimit: Int = .max,
    journal: RunJournal? = nil, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    model: Model
  ) throws -> [Volume] {
    try check(channels, classCount: classCount, byteLimit: byteLimit)
    var sink = ScoreVolumesSink(
      classCount: classCount, voxelCount: grid.extents.voxelCount,
      asProbabilities: asProbabilities)
    try run(
      channels, classCount: classCount, into: &sink, journal: journal, progress: progress,
      model: model)
    return try sink.values.map { try Volume(geometry: channels[0].geometry, values: $0) }
  }

  /// The axis along which layers of windows follow each other: the one that leaves the least to hold.
  private var layerAxis: Int {
    let (window, padded) = (grid.window.counts, grid.paddedCounts)
    return (0..<3).min { window[$0] * padded[$1] < window[$1] * padded[$0] } ?? 2
  }

  /// The padded volume, but as thick as a window along the layers' axis.
  private var layerCounts: [Int] {
    var counts = grid.paddedCounts
    counts[layerAxis] = grid.window.counts[layerAxis]
    return counts
  }

  /// Puts every voxel's blended scores into `sink`, once.
  ///
  /// Layer k is finished between where it begins and where layer k + 1 does: no later window reaches
  /// there. What a journal has of the first layers is not computed again, save for windows that reach
  /// on into others.
  private func run<Sink: ScoreSink>(
    _ channels: [Volume], classCount: Int, into sink: inout Sink, journal: RunJournal?,
    progress: (_ done: Int, _ total: Int) -> Void, model: Model
  ) throws {
    let axis = layerAxis
    let starts = grid.starts[axis]
    let ends = Array(starts.dropFirst()) + [grid.paddedCounts[axis]]
    let (first, kept) = try restore(&sink, from: journal, axis: axis, starts: starts, ends: ends)
    guard kept < ends.count else { return progress(grid.windowCount, grid.windowCount) }
    let weights = blending.weights(for: grid.window)
    var layer = BlendingLayer(
      counts: layerCounts, axis: axis, start: starts[first], classCount: classCount)
    let windowsPerLayer = grid.windowCount / starts.count
    var done = first * windowsPerLayer
    if done > 0 { progress(done, grid.windowCount) }
    for index in first..<starts.count {
      for origin in grid.origins(along: axis, at: starts[index]) {
        let scores = try model(contents(of: channels, at: origin))
        try check(scores, classCount: classCount, at: origin)
        layer.add(scores, weights: weights, window: grid.window, at: origin)
        done += 1
        progress(done, grid.windowCount)
      }
      let isKept = index < kept
      layer.finish(upTo: ends[index]) { place, scores in
        guard !isKept, let voxel = voxel(at: place) else { return }
        sink.put(scores, at: voxel)
      }
      guard !isKept, let journal else { continue }
      try journal.append(sink.words(of: voxels(along: axis, in: starts[index]..<ends[index])))
    }
  }

  /// Takes finished layers out of a journal.
  ///
  /// - Returns: how many there were, and the first whose windows reach beyond them.
  private func restore<Sink: ScoreSink>(
    _ sink: inout Sink, from journal: RunJournal?, axis: Int, starts: [Int], ends: [Int]
  ) throws -> (first: Int, kept: Int) {
    guard let journal else { return (0, 0) }
    let kept = min(journal.finishedCount, ends.count)
    for index in 0..<kept {
      let voxels = voxels(along: axis, in: starts[index]..<ends[index])
      guard let words = try journal.next(wordCount: voxels.count * sink.wordsPerVoxel) else {
        break
      }
      sink.restore(words, of: voxels)
    }
    guard kept > 0 else { return (0, 0) }
    let reached = ends[kept - 1]
    let first = starts.firstIndex { $0 + grid.window.counts[axis] > reached } ?? kept
    return (first, kept)
  }

  /// The places among the volume's values of all voxels with `range` of the padded volume along an
  /// axis.
  private func voxels(along axis: Int, in range: Range<Int>) -> [Int] {
    var bounds = grid.paddedCounts.map { 0..<$0 }
    bounds[axis] = range
    var result: [Int] = []
    for row in bounds[0] {
      for column in bounds[1] {
        for slice in bounds[2] {
          if let voxel = voxel(at: (row, column, slice)) { result.append(voxel) }
        }
      }
    }
    return result
  }

  /// The place among the volume's values of a voxel of the padded volume; nil for padding.
  private func voxel(at place: (Int, Int, Int)) -> Int? {
    let row = place.0 - grid.paddingBefore[0]
    let column = place.1 - grid.paddingBefore[1]
    let slice = place.2 - grid.paddingBefore[2]
    let extents = grid.extents
    guard (0..<extents.height).contains(row), (0..<extents.width).contains(column),
      (0..<extents.depth).contains(slice)
    else { return nil }
    return extents.index(row, column, slice)
  }

  /// One window of all channels, row-major `[channels, height, width, depth]`.
  func contents(of channels: [Volume], at origin: [Int]) -> [Float] {
    let (window, extents) = (grid.window, grid.extents)
    let shift = zip(origin, grid.paddingBefore).map { $0 - $1 }
    var result: [Float] = []
    result.reserveCapacity(channels.count * window.voxelCount)
    for channel in channels {
      let values = channel.values.span
      for row in shift[0]..<shift[0] + window.height {
        for column in shift[1]..<shift[1] + window.width {
          let isInside = row >= 0 && row < extents.height && column >= 0 && column < extents.width
          for slice in shift[2]..<shift[2] + window.depth {
            let isVoxel = isInside && slice >= 0 && slice < extents.depth
            result.append(isVoxel ? values[extents.index(row, column, slice)] : paddingValue)
          }
        }
      }
    }
    return result
  }

  private func check(_ channels: [Volume], classCount: Int, byteLimit: Int) throws {
    guard let first = channels.first, classCount > 0 else {
      throw Fault(.invalidScores, "there is nothing to segment, or no class to find")
    }
    guard channels.allSatisfy({ $0.extents == grid.extents }) else {
      throw Fault(
        .extentsMismatch,
        "the windows lie over \(grid.extents) voxels, the volume has \(first.extents)")
    }
    let needed = byteCount(classCount: classCount)
    guard needed <= byteLimit else {
      throw Fault(
        .overLimit, "a layer of windows needs \(needed) bytes, \(byteLimit) are allowed",
        remedy: "allow more memory, or choose smaller windows")
    }
  }

  private func check(_ scores: [Float], classCount: Int, at origin: [Int]) throws {
    let expected = classCount * grid.window.voxelCount
    guard scores.count == expected else {
      throw Fault(
        .invalidScores,
        "\(scores.count) scores are not those of \(classCount) classes at \(grid.window) voxels")
    }
    if let index = firstNonFinite(in: scores.span) {
      throw Fault(
        .nonFiniteScores,
        "in the window at (\(origin[0]), \(origin[1]), \(origin[2])) a score of class "
          + "\(index / grid.window.voxelCount) is \(scores[index])",
        remedy: "check the checkpoint with inflate-ckpt verify")
    }
  }
}
