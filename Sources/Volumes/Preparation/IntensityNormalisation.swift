/// What is done to a scan's intensities before a model sees them.
package enum IntensityNormalisation: Sendable, Hashable {
  case asTheyAre
  case window(IntensityWindow)
  case zScore(ZScore)

  /// - Throws: `non-finite-voxel` when the intensities are too large to be normalised.
  package func normalised(_ volume: Volume) throws -> Volume {
    switch self {
    case .asTheyAre: volume
    case .window(let window): try window.normalised(volume)
    case .zScore(let score): try score.normalised(volume)
    }
  }

  /// The window in which to show a scan: the model's own, or all that the scan has.
  package func displayWindow(of volume: Volume) throws -> IntensityWindow {
    if case .window(let window) = self { return window }
    let low = volume.values.min() ?? 0
    let high = volume.values.max() ?? 1
    return try IntensityWindow(low: low, high: low < high ? high : low + 1)
  }
}
