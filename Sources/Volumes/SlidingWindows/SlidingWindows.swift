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

  /// How many bytes blending holds at once, beside the volume and the labels.
  package func byteCount(classCount: Int) -> Int {
    let layer = layerCounts.reduce(1) { $0 &* $1 }
    return (classCount + 1) &* layer &* MemoryLayout<Float>.size
  }

  /// The class with the largest blended score at each voxel; of equal scores the first wins.
  ///
  /// - Parameters:
  ///   - channels: volumes on the grid's voxels, normalised as the model expects.
  ///   - byteLimit: what `byteCount` may be at most.
  ///   - progress: called after every window with how many of how many are done.
  /// - Throws: `over-limit`, `extents-mismatch`, `invalid-scores` for a wrong count of them,
  ///   `non-finite-scores`, and whatever the model throws.
  package func labels(
    of channels: [Volume], classCount: Int, byteLimit: Int = .max,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, model: Model
  ) throws -> LabelVolume {
    var labels = [Int32](repeating: 0, count: grid.extents.voxelCount)
    try forEachScoredVoxel(
      of: channels, classCount: classCount, byteLimit: byteLimit, progress: progress, model: model
    ) { voxel, scores in
      var best = 0
      for index in 1..<scores.count where scores[index] > scores[best] { best = index }
      labels[voxel] = Int32(best)
    }
    return try LabelVolume(geometry: channels[0].geometry, labels: labels)
  }

  /// The blended scores of every class, each as a volume: all of them at once, in as much memory.
  ///
  /// - Throws: as `labels`.
  package func scores(
    of channels: [Volume], classCount: Int,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, model: Model
  ) throws -> [Volume] {
    var values = [[Float]](
      repeating: [Float](repeating: 0, count: grid.extents.voxelCount), count: max(0, classCount))
    try forEachScoredVoxel(
      of: channels, classCount: classCount, byteLimit: .max, progress: progress, model: model
    ) { voxel, scores in
      for index in scores.indices { values[index][voxel] = scores[index] }
    }
    return try values.map { try Volume(geometry: channels[0].geometry, values: $0) }
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

  /// Calls `finished` once for every voxel of the volume, with its blended scores.
  private func forEachScoredVoxel(
    of channels: [Volume], classCount: Int, byteLimit: Int,
    progress: (_ done: Int, _ total: Int) -> Void, model: Model,
    finished: (_ voxel: Int, _ scores: borrowing Span<Float>) -> Void
  ) throws {
    try check(channels, classCount: classCount, byteLimit: byteLimit)
    let axis = layerAxis
    let weights = blending.weights(for: grid.window)
    var layer = BlendingLayer(counts: layerCounts, axis: axis, classCount: classCount)
    let starts = grid.starts[axis]
    var done = 0
    for (index, start) in starts.enumerated() {
      for origin in grid.origins where origin[axis] == start {
        let scores = try model(contents(of: channels, at: origin))
        try check(scores, classCount: classCount, at: origin)
        layer.add(scores, weights: weights, window: grid.window, at: origin)
        done += 1
        progress(done, grid.windowCount)
      }
      // No later window reaches what lies before the next layer.
      let end = index + 1 < starts.count ? starts[index + 1] : grid.paddedCounts[axis]
      layer.finish(upTo: end) { place, scores in
        guard let voxel = voxel(at: place) else { return }
        finished(voxel, scores)
      }
    }
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
