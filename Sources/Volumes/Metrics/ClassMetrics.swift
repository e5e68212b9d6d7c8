/// How well a prediction agrees with its reference about one class.
package struct ClassMetrics: Sendable {
  /// 2|A∩B| / (|A| + |B|); nil when neither volume has the class.
  package let dice: Double?
  /// |A∩B| / |A∪B|; nil when neither volume has the class.
  package let intersectionOverUnion: Double?
  /// The larger of both directions' 95th percentiles of surface distances, in the file's unit;
  /// infinite when one volume lacks the class, nil when both do.
  package let hausdorff95: Double?
  /// From the prediction's surface to the reference's; infinite and nil as `hausdorff95`.
  package let averageSurfaceDistance: Double?
  /// Over both directions.
  package let averageSymmetricSurfaceDistance: Double?
  /// What the prediction has more than the reference, in the cube of the file's unit.
  package let volumeDifference: Double
  /// That as a share of the reference; nil when the reference lacks the class.
  package let relativeVolumeDifference: Double?
}

/// All metrics of one prediction.
package struct SegmentationMetrics: Sendable {
  package let matrix: ConfusionMatrix
  /// By class number. Surface distances of the background are left out unless asked for.
  package let classes: [ClassMetrics]

  /// - Parameters:
  ///   - classCount: neither volume has a label as large.
  ///   - includingBackground: whether the background's surface is measured, too, which takes long.
  /// - Throws: `extents-mismatch` and `invalid-label`, as ``ConfusionMatrix``.
  package init(
    prediction: LabelVolume, reference: LabelVolume, classCount: Int,
    includingBackground: Bool = false
  ) throws {
    matrix = try ConfusionMatrix(
      prediction: prediction, reference: reference, classCount: classCount)
    let surfaces = [prediction, reference].map {
      LabelSurfaces(of: $0, classCount: classCount, includingBackground: includingBackground)
    }
    let geometry = reference.geometry
    let voxelVolume = abs(geometry.affine.determinant)
    classes = (0..<classCount).map { [matrix] index in
      let distances = SurfaceDistances(
        prediction: surfaces[0].voxels[index], reference: surfaces[1].voxels[index],
        extents: geometry.extents, spacing: geometry.spacing)
      return ClassMetrics(
        overlap: matrix.overlap(of: index), distances: distances, voxelVolume: voxelVolume)
    }
  }
}

extension ClassMetrics {
  init(overlap: ClassOverlap, distances: SurfaceDistances, voxelVolume: Double) {
    dice = overlap.dice
    intersectionOverUnion = overlap.intersectionOverUnion
    hausdorff95 = distances.hausdorff95
    averageSurfaceDistance = distances.average
    averageSymmetricSurfaceDistance = distances.averageSymmetric
    let surplus = Double(overlap.falsePositives - overlap.falseNegatives)
    let expected = overlap.truePositives + overlap.falseNegatives
    volumeDifference = surplus * voxelVolume
    relativeVolumeDifference = expected == 0 ? nil : surplus / Double(expected)
  }
}

/// The mean of the values that are there; nil when none is.
package func meanOfPresent(_ values: [Double?]) -> Double? {
  let present = values.compactMap { $0 }
  return present.isEmpty ? nil : present.reduce(0, +) / Double(present.count)
}
