import Diagnostics

/// How a file stores a voxel; the raw values are NIfTI's `datatype` codes.
package enum VoxelType: Int16, Sendable, CaseIterable {
  case uint8 = 2
  case int16 = 4
  case int32 = 8
  case float32 = 16
  case complex64 = 32
  case float64 = 64
  case rgb24 = 128
  case int8 = 256
  case uint16 = 512
  case uint32 = 768
  case int64 = 1024
  case uint64 = 1280
  case float128 = 1536
  case complex128 = 1792
  case complex256 = 2048
  case rgba32 = 2304

  /// The numbers that a voxel consists of: one, the real and the imaginary part, or the colours.
  package var component: VoxelType {
    switch self {
    case .complex64: .float32
    case .complex128: .float64
    case .complex256: .float128
    case .rgb24, .rgba32: .uint8
    default: self
    }
  }

  package var componentCount: Int {
    switch self {
    case .complex64, .complex128, .complex256: 2
    case .rgb24: 3
    case .rgba32: 4
    default: 1
    }
  }

  var isComplex: Bool { componentCount == 2 }
  /// Colours are never scaled (`nifti1.h` on `scl_slope`).
  var isColour: Bool { componentCount > 2 }

  package var byteCount: Int {
    switch self {
    case .uint8, .int8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    case .float128: 16
    default: component.byteCount * componentCount
    }
  }

  /// - Throws: `unsupported-voxel-type` for the 1-bit type, whose bit order nobody agrees on, and
  ///   for codes that mean nothing.
  init(code: Int16, at offset: Int) throws {
    if let type = VoxelType(rawValue: code) {
      self = type
      return
    }
    let name = [0: "unknown", 1: "1-bit"][code]
    throw Fault(
      .unsupportedVoxelType,
      name.map { "voxels are of type \($0), which cannot be read" }
        ?? "datatype \(code) is no voxel type of NIfTI",
      at: .init(byteOffset: UInt64(offset)),
      remedy: name == nil ? nil : "convert the volume to an integer or real type")
  }
}
