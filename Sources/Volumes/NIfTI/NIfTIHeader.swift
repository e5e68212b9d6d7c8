import Diagnostics

/// What a NIfTI-1 header says, checked.
package struct NIfTIHeader: Sendable, Equatable {
  package let extents: VolumeExtents
  /// The fourth dimension: 1 for a plain volume.
  package let channelCount: Int
  package let voxelType: VoxelType
  let isBigEndian: Bool
  /// Where the voxels begin in the file, counted after decompression.
  let voxelOffset: Int
  /// How many bytes the voxels of all channels fill.
  let voxelByteCount: Int
  let scaling: IntensityScaling
  package let geometry: VolumeGeometry
}

/// A stored value v stands for the intensity `slope` · v + `intercept`.
struct IntensityScaling: Sendable, Equatable {
  let slope: Double
  let intercept: Double

  static let none = IntensityScaling(slope: 1, intercept: 0)
}
