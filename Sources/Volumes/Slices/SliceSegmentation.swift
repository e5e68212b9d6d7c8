import Diagnostics

/// Segments a volume slice by slice with any model that looks at a window of slices.
package struct SliceSegmentation: Sendable {
  package let windowDepth: Int
  /// The size of the planes that the model is shown.
  package let imageSize: PlaneSize
  package let intensities: IntensityWindow

  /// - Throws: `usage` when the window or the image is empty.
  package init(windowDepth: Int, imageSize: PlaneSize, intensities: IntensityWindow) throws {
    guard windowDepth > 0 else {
      throw Fault(.usage, "a window of \(windowDepth) slices holds none to predict")
    }
    guard imageSize.height > 0, imageSize.width > 0 else {
      throw Fault(.usage, "an image of \(imageSize) has no pixels")
    }
    self.windowDepth = windowDepth
    self.imageSize = imageSize
    self.intensities = intensities
  }

  /// - Parameters:
  ///   - progress: called after every slice with how many of how many are done.
  ///   - predict: the model. It gets `windowDepth` planes of `imageSize`, intensities from 0 to 1,
  ///     and scores the centre one; the scores may have any size and are resized to the slice's.
  /// - Returns: labels on the volume's own grid.
  /// - Throws: `non-finite-scores` naming the slice, and whatever `predict` throws.
  package func segment(
    _ volume: Volume, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    predict: (_ window: [Plane]) throws -> ClassScores
  ) throws -> LabelVolume {
    let extents = volume.extents
    let windows = try SliceWindows(sliceCount: extents.depth, windowDepth: windowDepth)
    var planes = PreparedPlanes(volume, self)
    var labels = [Int32](repeating: 0, count: extents.voxelCount)
    for slice in 0..<extents.depth {
      let scores = try predict(planes.planes(windows.slices(of: slice)))
      let found = try inSlice(slice) { try scores.labels(at: extents.plane) }
      for row in 0..<extents.height {
        for column in 0..<extents.width {
          labels[extents.index(row, column, slice)] = found[row * extents.width + column]
        }
      }
      progress(slice + 1, extents.depth)
    }
    return try LabelVolume(geometry: volume.geometry, labels: labels)
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
  private let intensities: IntensityWindow
  private let resampler: BilinearResampler
  private var prepared: [Int: Plane] = [:]

  init(_ volume: Volume, _ segmentation: SliceSegmentation) {
    self.volume = volume
    intensities = segmentation.intensities
    resampler = BilinearResampler(from: volume.extents.plane, to: segmentation.imageSize)
  }

  /// - Parameter slices: ascending; none below one of an earlier call is asked for again.
  mutating func planes(_ slices: [Int]) -> [Plane] {
    let first = slices[0]
    prepared = prepared.filter { $0.key >= first }
    return slices.map { slice in
      if let plane = prepared[slice] { return plane }
      let plane = resampler.resized(intensities.normalised(volume.axialPlane(slice)))
      prepared[slice] = plane
      return plane
    }
  }
}
