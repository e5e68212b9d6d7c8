import Glibc

/// What a window's scores count where windows overlap.
package enum WindowBlending: Sendable, Hashable {
  /// The same everywhere.
  case constant
  /// Less towards the window's border: a Gaussian around its middle whose standard deviation is
  /// `scale` (MONAI's `sigma_scale`) times its size, nowhere less than a thousandth.
  case gaussian(scale: Double = 0.125)

  /// One weight a voxel of the window, row-major `[height, width, depth]`: MONAI's
  /// `compute_importance_map`, in 32 bits.
  func weights(for window: VolumeExtents) -> [Float] {
    guard case .gaussian(let scale) = self else {
      return [Float](repeating: 1, count: window.voxelCount)
    }
    let axes = window.counts.map { size in
      let width = Float(2 * (Double(size) * scale) * (Double(size) * scale))
      return (0..<size).map { index in
        let x = Float(index) - Float(size - 1) / 2
        return expf(-x * x / width)
      }
    }
    var weights: [Float] = []
    weights.reserveCapacity(window.voxelCount)
    for row in axes[0] {
      for column in axes[1] {
        for slice in axes[2] { weights.append(row * column * slice) }
      }
    }
    let smallest = max(weights.min() ?? 0, 1e-3)
    return weights.map { max($0, smallest) }
  }
}
