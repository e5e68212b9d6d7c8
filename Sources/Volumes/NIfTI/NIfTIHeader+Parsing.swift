import Diagnostics

extension NIfTIHeader {
  /// Reads the first bytes of a (decompressed) file: as many as `layout(of:)` tells.
  ///
  /// - Throws: the fault of the first field that cannot be right, with its byte offset.
  init(parsing bytes: [UInt8]) throws {
    let (layout, byteOrder) = try NIfTIHeader.layout(of: bytes)
    guard bytes.count >= layout.byteCount else {
      throw Fault(
        .notNIfTI,
        "the file is \(bytes.count) bytes long, a NIfTI-\(layout.version.rawValue) header alone "
          + "\(layout.byteCount)", remedy: "give a .nii or .nii.gz file")
    }
    let fields = HeaderBytes(
      Array(bytes[..<layout.byteCount]), layout: layout, byteOrder: byteOrder)
    try NIfTIHeader.checkMagic(fields)
    version = layout.version
    let frameCount: Int
    (extents, frameCount) = try NIfTIHeader.dimensions(fields)
    voxelType = try NIfTIHeader.voxelType(fields)
    isBigEndian = byteOrder == .big
    voxelOffset = try NIfTIHeader.voxelOffset(fields)
    voxelByteCount = try NIfTIHeader.voxelByteCount(
      extents: extents, frameCount: frameCount, type: voxelType, after: voxelOffset, layout)
    // No overflow: the bytes of them all could be counted.
    channelCount = frameCount * voxelType.componentCount
    scaling = try NIfTIHeader.scaling(fields, of: voxelType)
    geometry = try VolumeGeometry(
      extents: extents, orientation: NIfTIHeader.orientation(fields))
  }

  /// The version and byte order in which `sizeof_hdr` is the header's length.
  ///
  /// - Parameter bytes: the file's first four bytes or more.
  /// - Throws: `not-nifti`.
  static func layout(of bytes: [UInt8]) throws -> (HeaderLayout, HeaderBytes.ByteOrder) {
    let start = bytes.prefix(4)
    for layout in [HeaderLayout.nifti1, .nifti2] {
      let size = layout.byteCount
      let little = [UInt8(size & 0xFF), UInt8(size >> 8), 0, 0]
      if start.elementsEqual(little) { return (layout, .little) }
      if start.elementsEqual(little.reversed()) { return (layout, .big) }
    }
    throw Fault(
      .notNIfTI, "the file does not begin with a NIfTI header's length of 348 or 540",
      at: .init(byteOffset: UInt64(HeaderLayout.sizeField)),
      remedy: "give a .nii or .nii.gz file")
  }

  private static func checkMagic(_ fields: HeaderBytes) throws {
    let layout = fields.layout
    let place = Fault.Place(byteOffset: UInt64(layout.magic))
    let found = Array(fields.bytes[layout.magic..<layout.magic + layout.magicBytes.count])
    let pair = [UInt8(ascii: "n"), UInt8(ascii: "i")] + layout.magicBytes[2...]
    switch found {
    case layout.magicBytes: return
    case pair:
      throw Fault(
        .unsupportedNIfTI, "this is the header of a pair of files (.hdr and .img)", at: place,
        remedy: "convert the pair to one .nii file")
    default:
      throw Fault(
        .notNIfTI,
        "the file does not carry NIfTI-\(layout.version.rawValue)'s magic "
          + "\"n+\(layout.version.rawValue)\"", at: place,
        remedy: "give a .nii or .nii.gz file; Analyze 7.5 files need converting first")
    }
  }

  private static func dimensions(
    _ fields: HeaderBytes
  ) throws -> (extents: VolumeExtents, frameCount: Int) {
    let layout = fields.layout
    let dim = (0..<8).map { fields.count(at: layout.dimensions, index: $0) }
    func fault(_ reason: String, _ index: Int) -> Fault {
      let offset = layout.dimensions + layout.countWidth * index
      return Fault(.invalidDimensions, reason, at: .init(byteOffset: UInt64(offset)))
    }
    guard (1...7).contains(dim[0]) else {
      throw fault("the header counts \(dim[0]) dimensions, possible are 1 to 7", 0)
    }
    guard dim[0] >= 3 else {
      throw fault("the file has \(dim[0]) dimensions, a volume needs 3", 0)
    }
    if let bad = (1...dim[0]).first(where: { dim[$0] < 1 }) {
      throw fault("dimension \(bad) has \(dim[bad]) voxels", bad)
    }
    if dim[0] > 4, let bad = (5...dim[0]).first(where: { dim[$0] != 1 }) {
      throw fault("dimension \(bad) is \(dim[bad]); only volumes and their channels are read", bad)
    }
    return (
      try VolumeExtents(height: dim[1], width: dim[2], depth: dim[3]),
      dim[0] >= 4 ? dim[4] : 1
    )
  }

  private static func voxelType(_ fields: HeaderBytes) throws -> VoxelType {
    let layout = fields.layout
    let type = try VoxelType(code: fields.int16(at: layout.voxelType), at: layout.voxelType)
    let bits = fields.int16(at: layout.voxelBits)
    guard Int(bits) == type.byteCount * 8 else {
      throw Fault(
        .voxelSizeMismatch,
        "bitpix says \(bits) bits a voxel, datatype \(type) has \(type.byteCount * 8)",
        at: .init(byteOffset: UInt64(layout.voxelBits)))
    }
    return type
  }

  private static func voxelOffset(_ fields: HeaderBytes) throws -> Int {
    let layout = fields.layout
    let shown: String
    let offset: Int?
    if layout.version == .one {
      let value = fields.real(at: layout.voxelOffset)
      (shown, offset) = ("\(value)", Int(exactly: value))
    } else {
      let value = fields.int64(at: layout.voxelOffset)
      (shown, offset) = ("\(value)", Int(value))
    }
    guard let offset, offset >= layout.smallestVoxelOffset else {
      throw Fault(
        .invalidVoxelOffset,
        "vox_offset is \(shown); the voxels begin at byte \(layout.smallestVoxelOffset) or later",
        at: .init(byteOffset: UInt64(layout.voxelOffset)))
    }
    return offset
  }

  private static func voxelByteCount(
    extents: VolumeExtents, frameCount: Int, type: VoxelType, after offset: Int,
    _ layout: HeaderLayout
  ) throws -> Int {
    let voxels = extents.voxelCount.multipliedReportingOverflow(by: frameCount)
    let bytes = voxels.partialValue.multipliedReportingOverflow(by: type.byteCount)
    let end = bytes.partialValue.addingReportingOverflow(offset)
    guard !voxels.overflow, !bytes.overflow, !end.overflow else {
      throw Fault(
        .invalidDimensions,
        "\(extents) voxels of \(frameCount) channels are larger than any file",
        at: .init(byteOffset: UInt64(layout.dimensions)))
    }
    return bytes.partialValue
  }

  /// A slope of zero means none by the standard; NaN, by custom.
  private static func scaling(
    _ fields: HeaderBytes, of type: VoxelType
  ) throws -> IntensityScaling {
    let layout = fields.layout
    let slope = fields.real(at: layout.slope)
    let intercept = fields.real(at: layout.intercept)
    if slope == 0 || slope.isNaN || type.isColour { return .none }
    guard slope.isFinite, intercept.isFinite else {
      throw Fault(
        .invalidScaling, "scl_slope \(slope) and scl_inter \(intercept) are no scaling",
        at: .init(byteOffset: UInt64(slope.isFinite ? layout.intercept : layout.slope)),
        remedy: "set scl_slope to 0 when the stored values are the intensities")
    }
    return IntensityScaling(slope: slope, intercept: intercept)
  }

  private static func orientation(_ fields: HeaderBytes) -> OrientationFields {
    let layout = fields.layout
    return OrientationFields(
      version: layout.version,
      voxelSizes: fields.reals(at: layout.voxelSizes, count: 8),
      quaternionCode: fields.code(at: layout.quaternionCode),
      matrixCode: fields.code(at: layout.matrixCode),
      quaternion: fields.reals(at: layout.quaternion, count: 3),
      quaternionOffset: fields.reals(at: layout.quaternionOffset, count: 3),
      matrix: fields.reals(at: layout.matrix, count: 12),
      units: layout.version == .one
        ? fields.uint8(at: layout.units)
        : UInt8(truncatingIfNeeded: fields.code(at: layout.units)),
      encodingAxes: fields.uint8(at: layout.encodingAxes),
      note: fields.text(at: layout.note, limit: HeaderLayout.noteLength))
  }
}
