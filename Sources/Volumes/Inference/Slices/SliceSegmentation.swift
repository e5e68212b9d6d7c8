import Diagnostics

/// Segments a volume slice by slice with any model that looks at a window of slices.
package struct SliceSegmentation: Sendable {
  package let windowDepth: Int
  /// The size of the planes that the model is shown.
  package let imageSize: PlaneSize

  /// - Throws: `usage` when the window or the image is empty.
  package init(windowDepth: Int, imageSize: PlaneSize) throws {
    guard windowDepth > 0 else {
      throw Fault(.usage, "a window of \(windowDepth) slices holds none to predict")
    }
    guard imageSize.height > 0, imageSize.width > 0 else {
      throw Fault(.usage, "an image of \(imageSize) has no pixels")
    }
    self.windowDepth = windowDepth
    self.imageSize = imageSize
  }

  /// The model. It gets `[channels][windowDepth]` planes of `imageSize` and scores the centre one;
  /// the scores may have any size and are resized to the slice's.
  package typealias Model = (_ window: [[Plane]]) throws -> ClassScores

  /// The class with the largest score at each voxel; of equal scores the first wins.
  ///
  /// - Parameters:
  ///   - channels: volumes on one grid, normalised as the model expects.
  ///   - journal: where finished slices are kept, and those of an earlier run are taken from.
  ///   - progress: called after every slice with how many of how many are done.
  /// - Returns: labels on the volume's own grid.
  /// - Throws: `extents-mismatch` for channels of different grids, `invalid-scores` when slices are
  ///   given scores of different classes, `non-finite-scores` naming the slice, the journal's faults,
  ///   and whatever the model throws.
  package func labels(
    of channels: [Volume], journal: RunJournal? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, model: Model
  ) throws -> LabelVolume {
    let geometry = try geometry(of: channels)
    var sink = LabelSink(voxelCount: geometry.extents.voxelCount)
    try run(channels, into: &sink, classCount: nil, journal, progress, model)
    return try LabelVolume(geometry: geometry, labels: sink.labels)
  }

  /// The softmax of the scores of every class, each as a volume.
  ///
  /// - Throws: as `labels`.
  package func probabilities(
    of channels: [Volume], classCount: Int, journal: RunJournal? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, model: Model
  ) throws -> [Volume] {
    let geometry = try geometry(of: channels)
    var sink = ScoreVolumesSink(
      classCount: classCount, voxelCount: geometry.extents.voxelCount, asProbabilities: true)
    try run(channels, into: &sink, classCount: classCount, journal, progress, model)
    return try sink.values.map { try Volume(geometry: geometry, values: $0) }
  }

  private func geometry(of channels: [Volume]) throws -> VolumeGeometry {
    guard let geometry = channels.first?.geometry else {
      throw Fault(.invalidScores, "there is nothing to segment")
    }
    if let other = channels.first(where: { $0.extents != geometry.extents }) {
      throw Fault(
        .extentsMismatch,
        "channels of \(geometry.extents) and of \(other.extents) voxels are not one volume's")
    }
    return geometry
  }

  private func run<Sink: ScoreSink>(
    _ channels: [Volume], into sink: inout Sink, classCount: Int?, _ journal: RunJournal?,
    _ progress: (_ done: Int, _ total: Int) -> Void, _ model: Model
  ) throws {
    let extents = channels[0].extents
    let sliceSize = extents.plane.pixelCount
    let windows = try SliceWindows(sliceCount: extents.depth, windowDepth: windowDepth)
    var planes = channels.map { PreparedPlanes($0, imageSize: imageSize) }
    var classCount = classCount
    var hasGoneOn = false
    for slice in 0..<extents.depth {
      let voxels = Array(slice * sliceSize..<(slice + 1) * sliceSize)
      if let words = try journal?.next(wordCount: voxels.count * sink.wordsPerVoxel) {
        sink.restore(words, of: voxels)
        hasGoneOn = true
        continue
      }
      if hasGoneOn { progress(slice, extents.depth) }
      hasGoneOn = false
      let slices = windows.slices(of: slice)
      let scores = try model(planes.indices.map { planes[$0].planes(slices) })
      if let classCount, scores.classCount != classCount {
        throw Fault(
          .invalidScores,
          "slice \(slice) is given scores of \(scores.classCount) classes, "
            + "expected are \(classCount)")
      }
      classCount = scores.classCount
      try inSlice(slice) {
        try scores.forEachPixel(at: extents.plane) { row, column, scores in
          sink.put(scores, at: extents.index(row, column, slice))
        }
      }
      try journal?.append(sink.words(of: voxels))
      progress(slice + 1, extents.depth)
    }
  }

  private func inSlice<Result>(_ slice: Int, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let fault as Fault {
      throw Fault(
        fault.code, "slice \(slice): \(fault.reason)", at: fault.place, remedy: fault.remedy)
    }
  }
}

/// The planes as the model sees them, each made once and kept while windows still reach it.
private struct PreparedPlanes {
  private let volume: Volume
  private let resampler: BilinearResampler
  private var prepared: [Int: Plane] = [:]

  init(_ volume: Volume, imageSize: PlaneSize) {
    self.volume = volume
    resampler = BilinearResampler(from: volume.extents.plane, to: imageSize)
  }

  /// - Parameter slices: ascending; none below one of an earlier call is asked for again.
  mutating func planes(_ slices: [Int]) -> [Plane] {
    let first = slices[0]
    prepared = prepared.filter { $0.key >= first }
    return slices.map { slice in
      if let plane = prepared[slice] { return plane }
      let plane = resampler.resized(volume.axialPlane(slice))
      prepared[slice] = plane
      return plane
    }
  }
}
