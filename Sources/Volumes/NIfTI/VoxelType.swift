import Diagnostics

/// How a file stores a voxel; the raw values are NIfTI's `datatype` codes.
package enum VoxelType: Int16, Sendable, CaseIterable {
  case uint8 = 2
  case int16 = 4
  case int32 = 8
  case float32 = 16
  case float64 = 64
  case int8 = 256
  case uint16 = 512
  case uint32 = 768
  case int64 = 1024
  case uint64 = 1280

  package var byteCount: Int {
    switch self {
    case .uint8, .int8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  /// - Throws: `unsupported-voxel-type` for types that hold no single real number, and for codes
  ///   that mean nothing.
  init(code: Int16) throws {
    if let type = VoxelType(rawValue: code) {
      self = type
      return
    }
    let name = VoxelType.unsupportedNames[code]
    throw Fault(
      .unsupportedVoxelType,
      name.map { "voxels are of type \($0), which holds no single intensity" }
        ?? "datatype \(code) is no voxel type of NIfTI-1",
      at: .init(byteOffset: UInt64(Field.voxelType)),
      remedy: name == nil ? nil : "convert the volume to a real, single-channel type")
  }

  private static let unsupportedNames: [Int16: String] = [
    0: "unknown", 1: "1-bit", 32: "complex64", 128: "RGB24", 1536: "float128",
    1792: "complex128", 2048: "complex256", 2304: "RGBA32",
  ]
}
