import Diagnostics

/// Intensities shifted and scaled to a mean of 0 and a standard deviation of 1: MONAI's
/// `NormalizeIntensity`.
package struct ZScore: Sendable, Hashable {
  /// Whether voxels of exactly 0, the air around a skull-stripped brain, stay as they are and do not
  /// count.
  package let ignoresZeros: Bool

  package init(ignoringZeros: Bool = false) { ignoresZeros = ignoringZeros }

  /// (v − mean) / standard deviation, the deviation being the population's; one of 0 divides nothing.
  ///
  /// - Throws: `non-finite-voxel` when the intensities are too large to be squared.
  package func normalised(_ volume: Volume) throws -> Volume {
    let (mean, deviation) = moments(of: volume.values)
    let divisor = deviation == 0 ? 1 : deviation
    let values = volume.values.map { value in
      ignoresZeros && value == 0 ? 0 : Float((Double(value) - mean) / divisor)
    }
    return try Volume(geometry: volume.geometry, values: values)
  }

  private func moments(of values: [Float]) -> (mean: Double, deviation: Double) {
    var (count, sum) = (0, 0.0)
    for value in values where !(ignoresZeros && value == 0) {
      count += 1
      sum += Double(value)
    }
    guard count > 0 else { return (0, 0) }
    let mean = sum / Double(count)
    var squares = 0.0
    for value in values where !(ignoresZeros && value == 0) {
      squares += (Double(value) - mean) * (Double(value) - mean)
    }
    return (mean, (squares / Double(count)).squareRoot())
  }
}
