import Diagnostics

/// How a scan is brought before a model, and the model's answer back onto the scan's own grid: the
/// chain of MONAI's `Orientation`, `Spacing` and a transform of intensities, in this order.
package struct VolumePreparation: Sendable, Hashable {
  /// The frame that the model was trained in; nil leaves the file's axes as they are.
  package let orientation: AxisCodes?
  /// The voxels' distances along the axes of that frame; nil leaves them, as does 0 for one axis.
  package let spacing: [Double]?
  /// How the scan's values between voxels come about; the answer's way back has its own rules.
  package let interpolation: Interpolation
  package let intensities: IntensityNormalisation

  package init(
    orientation: AxisCodes? = nil, spacing: [Double]? = nil,
    interpolation: Interpolation = .linear, intensities: IntensityNormalisation = .asTheyAre
  ) {
    self.orientation = orientation
    self.spacing = spacing
    self.interpolation = interpolation
    self.intensities = intensities
  }

  /// - Parameter channels: volumes on one grid.
  /// - Throws: `extents-mismatch` when they lie on different grids, and what turning, resampling and
  ///   normalising bring up.
  package func prepared(_ channels: [Volume]) throws -> PreparedVolume {
    guard let source = channels.first?.geometry else {
      throw Fault(.extentsMismatch, "a scan has at least one channel")
    }
    let turn = try orientation.map { try Reorientation(from: source, to: $0) }
    let turned = turn?.target ?? source
    let resampling = try spacing.map {
      try Resampling(from: turned, onto: turned.respaced(to: $0))
    }
    let volumes = try channels.map { channel in
      var volume = channel
      if let turn { volume = try turn.applied(to: volume) }
      if let resampling { volume = try resampling.resampled(volume, interpolation) }
      return try intensities.normalised(volume)
    }
    return PreparedVolume(channels: volumes, turn: turn, resampling: resampling)
  }
}

/// A scan as a model is to see it, with the way back.
package struct PreparedVolume: Sendable {
  package let channels: [Volume]
  fileprivate let turn: Reorientation?
  fileprivate let resampling: Resampling?

  /// Labels on the prepared grid, brought onto the scan's own: the nearest voxel's.
  ///
  /// - Throws: `extents-mismatch` for labels on another grid.
  package func restored(_ labels: LabelVolume) throws -> LabelVolume {
    var labels = labels
    if let back = try wayBack { labels = try back.resampled(labels) }
    return try turn?.reverted(labels) ?? labels
  }

  /// Scores on the prepared grid, brought onto the scan's own: mixed linearly.
  ///
  /// - Throws: as the other.
  package func restored(_ scores: Volume) throws -> Volume {
    var scores = scores
    if let back = try wayBack { scores = try back.resampled(scores, .linear) }
    return try turn?.reverted(scores) ?? scores
  }

  private var wayBack: Resampling? {
    get throws {
      guard let resampling, !resampling.isIdentity else { return nil }
      return try Resampling(from: resampling.target, onto: resampling.source)
    }
  }
}
