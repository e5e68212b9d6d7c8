extension LabelVolume {
  /// The smallest unsigned type that holds every label.
  package var storageType: VoxelType {
    largestLabel <= 0xFF ? .uint8 : largestLabel <= 0xFFFF ? .uint16 : .uint32
  }

  /// Writes a NIfTI file of the input's version, gzipped when `path` ends in `.gz`; the same labels
  /// give the same bytes.
  ///
  /// - Throws: `usage` for any other ending than `.nii` and `.nii.gz`, and the faults of files.
  package func write(to path: String, replacing: Bool) throws {
    let type = storageType
    let output = NIfTIOutput(path: path, replacing: replacing)
    try output.write(geometry: geometry, voxelType: type) { emit in
      let sliceSize = extents.plane.pixelCount
      for start in stride(from: 0, to: labels.count, by: sliceSize) {
        let slice = labels[start..<start + sliceSize]
        switch type {
        case .uint8:
          let stored = slice.map { UInt8(truncatingIfNeeded: $0) }
          try emit(stored.span.bytes)
        case .uint16:
          let stored = slice.map { UInt16(truncatingIfNeeded: $0).littleEndian }
          try emit(stored.span.bytes)
        default:
          let stored = slice.map { UInt32(truncatingIfNeeded: $0).littleEndian }
          try emit(stored.span.bytes)
        }
      }
    }
  }
}
