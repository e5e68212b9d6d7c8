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

  /// Different slices, as many as asked for.
  static func patterns(_ count: Int, height: Int, width: Int) -> [[Float]] {
    (0..<count).map { pattern(height: height, width: width, slice: $0) }
  }

  /// As many slices about a scan's middle one, as a model is shown them.
  static func window(
    of prepared: PreparedVolume, depth: Int, height: Int, width: Int
  ) throws -> [[Float]] {
    let volume = prepared.channels[0]
    let windows = try SliceWindows(sliceCount: volume.extents.depth, windowDepth: depth)
    let resampler = BilinearResampler(
      from: volume.extents.plane, to: PlaneSize(height: height, width: width))
    return windows.slices(of: volume.extents.depth / 2).map {
      resampler.resized(volume.axialPlane($0)).values
    }
  }

  /// `[1, slices, height, width]`.
  static func tensor(_ slices: [[Float]], height: Int, width: Int) throws -> FloatTensor {
    try FloatTensor(
      shape: Shape([1, slices.count, height, width]), values: slices.flatMap { $0 })
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
