extension HeaderBytes {
  /// The header of a plain volume on `geometry`'s grid: little-endian, unscaled, its voxels right
  /// behind, and every field that places it in space as it was read.
  ///
  /// - Parameter channelCount: the fourth dimension; a file of one channel has three.
  init(geometry: VolumeGeometry, voxelType: VoxelType, channelCount: Int = 1) {
    let layout = HeaderLayout.of(geometry.storageVersion)
    self.init(layout: layout)
    let (extents, orientation) = (geometry.extents, geometry.orientation)
    set(int32: Int32(layout.byteCount), at: HeaderLayout.sizeField)
    set(orientation.encodingAxes, at: layout.encodingAxes)
    let rank = channelCount == 1 ? 3 : 4
    set(
      counts: [rank, extents.height, extents.width, extents.depth, channelCount, 1, 1, 1],
      at: layout.dimensions)
    set(int16: voxelType.rawValue, at: layout.voxelType)
    set(int16: Int16(voxelType.byteCount * 8), at: layout.voxelBits)
    set(reals: orientation.voxelSizes, at: layout.voxelSizes)
    set(reals: [1], at: layout.slope)
    set(reals: [0], at: layout.intercept)
    if layout.version == .one {
      set(reals: [Double(layout.smallestVoxelOffset)], at: layout.voxelOffset)
      set(orientation.units, at: layout.units)
    } else {
      set(int64: Int64(layout.smallestVoxelOffset), at: layout.voxelOffset)
      set(code: Int32(orientation.units), at: layout.units)
    }
    set(orientation.note, at: layout.note, limit: HeaderLayout.noteLength)
    set(code: orientation.quaternionCode, at: layout.quaternionCode)
    set(code: orientation.matrixCode, at: layout.matrixCode)
    set(reals: orientation.quaternion, at: layout.quaternion)
    set(reals: orientation.quaternionOffset, at: layout.quaternionOffset)
    set(reals: orientation.matrix, at: layout.matrix)
    set(layout.magicBytes, at: layout.magic, limit: layout.magicBytes.count)
  }
}

extension VolumeGeometry {
  /// The version of the file that this grid was read from; the second where the first cannot count
  /// the voxels.
  var storageVersion: NIfTIVersion {
    let largest = max(extents.height, extents.width, extents.depth)
    return largest > Int(Int16.max) ? .two : orientation.version
  }
}
