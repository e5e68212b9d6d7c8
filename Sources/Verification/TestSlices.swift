import Segmenter
import Tensors
import Volumes

/// Slices to run models on, row-major `[height, width]` each.
enum TestSlices {
  /// Blobs and gratings between 0 and 1: every patch differs from every other, as in a real slice,
  /// and every slice from every other.
  static func pattern(height: Int, width: Int, slice: Int = 0) -> [Float] {
    let shift = Float(slice)
    return (0..<height * width).map { index in
      let y = Float(index / width) / Float(height)
      let x = Float(index % width) / Float(width)
      let texture = (x * (37 + 5 * shift) + y * y * (19 - 3 * shift) + x * y * 53 + 0.17 * shift)
      let phase = texture - texture.rounded(.down)
      let distance =
        (x - 0.45 - 0.02 * shift) * (x - 0.45 - 0.02 * shift) + (y - 0.55) * (y - 0.55)
      return distance < 0.15 ? 0.3 + 0.6 * phase : 0.1 * phase
    }
  }

  /// As many different slices as a model's window has.
  static func patterns(of model: SegmentationModel) -> [[Float]] {
    (0..<model.windowExtents[1]).map {
      pattern(
        height: model.windowExtents[2], width: model.windowExtents[3], slice: $0)
    }
  }

  /// The window around a scan's middle slice, as a model is shown it.
  static func window(of prepared: PreparedVolume, for model: SegmentationModel) throws -> [[Float]]
  {
    let volume = prepared.channels[0]
    let windows = try SliceWindows(
      sliceCount: volume.extents.depth, windowDepth: model.windowExtents[1])
    let resampler = BilinearResampler(
      from: volume.extents.plane,
      to: PlaneSize(height: model.windowExtents[2], width: model.windowExtents[3]))
    return windows.slices(of: volume.extents.depth / 2).map {
      resampler.resized(volume.axialPlane($0)).values
    }
  }

  /// `[1, slices, height, width]`.
  static func tensor(_ slices: [[Float]], of model: SegmentationModel) throws -> FloatTensor {
    try FloatTensor(
      shape: Shape([1, slices.count, model.windowExtents[2], model.windowExtents[3]]),
      values: slices.flatMap { $0 })
  }

  /// Σ weight · slice.
  static func sum(_ slices: [[Float]], _ weights: [Double]) -> [Float] {
    guard let count = slices.first?.count else { return [] }
    return (0..<count).map { index in
      var sum = 0.0
      for (slice, weight) in zip(slices, weights) { sum += weight * Double(slice[index]) }
      return Float(sum)
    }
  }
}
