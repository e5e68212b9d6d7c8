import Diagnostics

extension Volume {
  /// Writes the intensities as 32-bit reals.
  ///
  /// - Throws: as `Volume.write(_:to:replacing:)`.
  package func write(to path: String, replacing: Bool) throws {
    try Volume.write([self], to: path, replacing: replacing)
  }

  /// Writes volumes on one grid, such as the probabilities of each class, as one four-dimensional
  /// NIfTI file of 32-bit reals, gzipped when `path` ends in `.gz`.
  ///
  /// - Throws: `usage` for any other ending than `.nii` and `.nii.gz` and for no channels,
  ///   `invalid-dimensions` for more channels than the file's version counts, `extents-mismatch`
  ///   when the grids differ, and the faults of files.
  package static func write(_ channels: [Volume], to path: String, replacing: Bool) throws {
    guard let geometry = channels.first?.geometry else {
      throw Fault(.usage, "there is no channel to write", at: .init(file: path))
    }
    if let other = channels.first(where: { $0.geometry != geometry }) {
      throw Fault(
        .extentsMismatch,
        "channels of one file lie on one grid; of these, one has \(geometry.extents) voxels, "
          + "another \(other.extents)", at: .init(file: path))
    }
    guard geometry.storageVersion == .two || channels.count <= Int(Int16.max) else {
      throw Fault(
        .invalidDimensions, "NIfTI-1 counts 32767 channels, these are \(channels.count)",
        at: .init(file: path))
    }
    let output = NIfTIOutput(path: path, replacing: replacing)
    try output.write(
      geometry: geometry, voxelType: .float32, channelCount: channels.count
    ) { emit in
      let sliceSize = geometry.extents.plane.pixelCount
      for channel in channels {
        for start in stride(from: 0, to: channel.values.count, by: sliceSize) {
          let stored = channel.values[start..<start + sliceSize].map(\.bitPattern.littleEndian)
          try emit(stored.span.bytes)
        }
      }
    }
  }
}
