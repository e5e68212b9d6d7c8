import Diagnostics

/// What a NIfTI header of either version says, checked.
package struct NIfTIHeader: Sendable, Equatable {
  package let version: NIfTIVersion
  package let extents: VolumeExtents
  /// The fourth dimension times the numbers that each voxel consists of: 1 for a plain volume, 4 for
  /// four modalities, 3 for colours, 2 for complex numbers.
  package let channelCount: Int
  package let voxelType: VoxelType
  let isBigEndian: Bool
  /// Where the voxels begin in the file, counted after decompression.
  let voxelOffset: Int
  /// How many bytes the voxels of all channels fill.
  let voxelByteCount: Int
  let scaling: IntensityScaling
  package let geometry: VolumeGeometry

  /// The fourth dimension: volumes of `voxelType.componentCount` channels each.
  var frameCount: Int { channelCount / voxelType.componentCount }
}

/// A stored value v stands for the intensity `slope` · v + `intercept`.
struct IntensityScaling: Sendable, Equatable {
  let slope: Double
  let intercept: Double

  static let none = IntensityScaling(slope: 1, intercept: 0)
}
