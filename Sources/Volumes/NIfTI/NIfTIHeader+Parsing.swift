import Diagnostics

extension NIfTIHeader {
  /// Reads the first 348 bytes of a (decompressed) file.
  ///
  /// - Throws: the fault of the first field that cannot be right, with its byte offset.
  init(parsing bytes: [UInt8]) throws {
    let fields = HeaderBytes(bytes, byteOrder: try NIfTIHeader.byteOrder(of: bytes))
    try NIfTIHeader.checkMagic(fields)
    (extents, channelCount) = try NIfTIHeader.dimensions(fields)
    voxelType = try NIfTIHeader.voxelType(fields)
    isBigEndian = fields.byteOrder == .big
    voxelOffset = try NIfTIHeader.voxelOffset(fields)
    voxelByteCount = try NIfTIHeader.voxelByteCount(
      extents: extents, channelCount: channelCount, type: voxelType, after: voxelOffset)
    scaling = try NIfTIHeader.scaling(fields)
    geometry = try VolumeGeometry(
      extents: extents, orientation: NIfTIHeader.orientation(fields))
  }

  /// The byte order in which `sizeof_hdr` is 348.
  private static func byteOrder(of bytes: [UInt8]) throws -> HeaderBytes.ByteOrder {
    for order in [HeaderBytes.ByteOrder.little, .big] {
      switch HeaderBytes(bytes, byteOrder: order).int32(at: Field.headerSize) {
      case 348: return order
      case 540:
        throw Fault(
          .unsupportedNIfTI, "this is a NIfTI-2 file", at: .init(byteOffset: 0),
          remedy: "convert it to NIfTI-1")
      default: continue
      }
    }
    throw Fault(
      .notNIfTI, "the file does not begin with a NIfTI-1 header's length of 348",
      at: .init(byteOffset: UInt64(Field.headerSize)),
      remedy: "give a .nii or .nii.gz file")
  }

  private static func checkMagic(_ fields: HeaderBytes) throws {
    let place = Fault.Place(byteOffset: UInt64(Field.magic))
    switch Array(fields.bytes[Field.magic...]) {
    case Array("n+1\0".utf8): return
    case Array("ni1\0".utf8):
      throw Fault(
        .unsupportedNIfTI, "this is the header of a pair of files (.hdr and .img)", at: place,
        remedy: "convert the pair to one .nii file")
    default:
      throw Fault(
        .notNIfTI, "the file does not carry NIfTI-1's magic \"n+1\"", at: place,
        remedy: "give a .nii or .nii.gz file; Analyze 7.5 files need converting first")
    }
  }

  private static func dimensions(
    _ fields: HeaderBytes
  ) throws -> (extents: VolumeExtents, channelCount: Int) {
    let dim = (0..<8).map { Int(fields.int16(at: Field.dimensions + 2 * $0)) }
    func fault(_ reason: String, _ index: Int) -> Fault {
      Fault(
        .invalidDimensions, reason, at: .init(byteOffset: UInt64(Field.dimensions + 2 * index)))
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
    let type = try VoxelType(code: fields.int16(at: Field.voxelType))
    let bits = fields.int16(at: Field.voxelBits)
    guard Int(bits) == type.byteCount * 8 else {
      throw Fault(
        .voxelSizeMismatch,
        "bitpix says \(bits) bits a voxel, datatype \(type) has \(type.byteCount * 8)",
        at: .init(byteOffset: UInt64(Field.voxelBits)))
    }
    return type
  }

  private static func voxelOffset(_ fields: HeaderBytes) throws -> Int {
    let value = fields.float(at: Field.voxelOffset)
    guard let offset = Int(exactly: value), offset >= Field.smallestVoxelOffset else {
      throw Fault(
        .invalidVoxelOffset, "vox_offset is \(value); the voxels begin at byte 352 or later",
        at: .init(byteOffset: UInt64(Field.voxelOffset)))
    }
    return offset
  }

  private static func voxelByteCount(
    extents: VolumeExtents, channelCount: Int, type: VoxelType, after offset: Int
  ) throws -> Int {
    let voxels = extents.voxelCount.multipliedReportingOverflow(by: channelCount)
    let bytes = voxels.partialValue.multipliedReportingOverflow(by: type.byteCount)
    let end = bytes.partialValue.addingReportingOverflow(offset)
    guard !voxels.overflow, !bytes.overflow, !end.overflow else {
      throw Fault(
        .invalidDimensions,
        "\(extents) voxels of \(channelCount) channels are larger than any file",
        at: .init(byteOffset: UInt64(Field.dimensions)))
    }
    return bytes.partialValue
  }

  /// A slope of zero means none by the standard; NaN, by custom.
  private static func scaling(_ fields: HeaderBytes) throws -> IntensityScaling {
    let slope = fields.float(at: Field.slope)
    let intercept = fields.float(at: Field.intercept)
    if slope == 0 || slope.isNaN { return .none }
    guard slope.isFinite, intercept.isFinite else {
      throw Fault(
        .invalidScaling, "scl_slope \(slope) and scl_inter \(intercept) are no scaling",
        at: .init(byteOffset: UInt64(slope.isFinite ? Field.intercept : Field.slope)),
        remedy: "set scl_slope to 0 when the stored values are the intensities")
    }
    return IntensityScaling(slope: Double(slope), intercept: Double(intercept))
  }

  private static func orientation(_ fields: HeaderBytes) -> OrientationFields {
    OrientationFields(
      voxelSizes: fields.floats(at: Field.voxelSizes, count: 8),
      quaternionCode: fields.int16(at: Field.quaternionCode),
      matrixCode: fields.int16(at: Field.matrixCode),
      quaternion: fields.floats(at: Field.quaternion, count: 3),
      quaternionOffset: fields.floats(at: Field.quaternionOffset, count: 3),
      matrix: fields.floats(at: Field.matrix, count: 12),
      units: fields.uint8(at: Field.units),
      encodingAxes: fields.uint8(at: Field.encodingAxes),
      note: fields.text(at: Field.note, limit: Field.noteLength))
  }
}
