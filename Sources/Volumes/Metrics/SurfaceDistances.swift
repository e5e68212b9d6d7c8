/// How far the surfaces of one class lie apart in a prediction and in its reference, from every
/// surface voxel of the one to the nearest of the other, in the spacing's unit.
///
/// A class that only one volume has lies infinitely far away from its other; of a class that neither
/// has there is nothing to say, and every measure is nil.
package struct SurfaceDistances: Sendable {
  /// Ascending.
  package let fromPrediction: [Float]
  /// Ascending.
  package let fromReference: [Float]
  private let isInPrediction: Bool
  private let isInReference: Bool

  /// - Parameters:
  ///   - prediction, reference: ascending places of the surfaces' voxels.
  init(prediction: [Int], reference: [Int], extents: VolumeExtents, spacing: [Double]) {
    isInPrediction = !prediction.isEmpty
    isInReference = !reference.isEmpty
    guard isInPrediction, isInReference else {
      (fromPrediction, fromReference) = ([], [])
      return
    }
    func distances(from queries: [Int], to surface: [Int]) -> [Float] {
      let map = SurfaceDistanceMap(
        surface: surface, queries: queries, extents: extents, spacing: spacing)
      return map.distances(of: queries).sorted()
    }
    fromPrediction = distances(from: prediction, to: reference)
    fromReference = distances(from: reference, to: prediction)
  }

  /// The larger of the two directions' percentiles; 100 gives the Hausdorff distance itself.
  ///
  /// MONAI's `compute_hausdorff_distance`, save that its percentiles are no number where only one
  /// volume has the class.
  ///
  /// - Parameter percentile: from 0 to 100.
  package func hausdorff(percentile: Double) -> Double? {
    measure {
      max(
        quantile(percentile / 100, of: fromPrediction),
        quantile(percentile / 100, of: fromReference))
    }
  }

  package var hausdorff95: Double? { hausdorff(percentile: 95) }

  /// The mean from the prediction's surface to the reference's: MONAI's
  /// `compute_average_surface_distance`.
  package var average: Double? { measure { sum(fromPrediction) / Double(fromPrediction.count) } }

  /// The mean over both directions' distances: the same with `symmetric=True`.
  package var averageSymmetric: Double? {
    measure {
      (sum(fromPrediction) + sum(fromReference))
        / Double(fromPrediction.count + fromReference.count)
    }
  }

  private func measure(_ body: () -> Double) -> Double? {
    guard isInPrediction || isInReference else { return nil }
    return isInPrediction && isInReference ? body() : .infinity
  }
}

private func sum(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) } }

/// Linearly interpolated between the two nearest ranks, all in 32 bits as PyTorch's `quantile` does:
/// in 64 bits the rank of a large surface would come out elsewhere between its two neighbours.
///
/// - Parameter values: ascending, at least one.
func quantile(_ share: Double, of values: [Float]) -> Double {
  let rank = min(max(Float(share), 0), 1) * Float(values.count - 1)
  let below = min(Int(rank), values.count - 1)
  let above = min(Int(rank.rounded(.up)), values.count - 1)
  let weight = rank - Float(below)
  let (low, high) = (values[below], values[above])
  return Double(weight < 0.5 ? low + weight * (high - low) : high - (high - low) * (1 - weight))
}
