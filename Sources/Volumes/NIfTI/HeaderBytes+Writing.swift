extension HeaderBytes {
  /// The header of a plain volume on `geometry`'s grid: little-endian, unscaled, its voxels right
  /// behind, and every field that places it in space as it was read.
  init(geometry: VolumeGeometry, voxelType: VoxelType) {
    self.init()
    let (extents, orientation) = (geometry.extents, geometry.orientation)
    set(Int32(Field.headerLength), at: Field.headerSize)
    set(orientation.encodingAxes, at: Field.encodingAxes)
    let dimensions = [3, extents.height, extents.width, extents.depth, 1, 1, 1, 1]
    for (index, dimension) in dimensions.enumerated() {
      set(Int16(dimension), at: Field.dimensions + 2 * index)
    }
    set(voxelType.rawValue, at: Field.voxelType)
    set(Int16(voxelType.byteCount * 8), at: Field.voxelBits)
    set(orientation.voxelSizes, at: Field.voxelSizes)
    set([Float(Field.smallestVoxelOffset)], at: Field.voxelOffset)
    set([1, 0], at: Field.slope)
    set(orientation.units, at: Field.units)
    set(orientation.note, at: Field.note, limit: Field.noteLength)
    set(orientation.quaternionCode, at: Field.quaternionCode)
    set(orientation.matrixCode, at: Field.matrixCode)
    set(orientation.quaternion, at: Field.quaternion)
    set(orientation.quaternionOffset, at: Field.quaternionOffset)
    set(orientation.matrix, at: Field.matrix)
    set(Array("n+1\0".utf8), at: Field.magic, limit: 4)
  }
}
