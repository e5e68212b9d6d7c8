import Diagnostics
import Tensors

/// PyTorch's names for element types and for the storages that hold them.
enum TorchElementType {
  /// Element types as pickles name them; nil for those that have no counterpart here.
  static let names: [(name: String, dtype: DType?)] = [
    ("float32", .f32), ("float64", .f64), ("float16", .f16), ("bfloat16", .bf16), ("uint8", .u8),
    ("int8", .i8), ("int16", .i16), ("int32", .i32), ("int64", .i64), ("bool", .bool),
    ("complex64", .c64), ("uint16", .u16), ("uint32", .u32), ("uint64", .u64),
    ("float8_e5m2", .f8E5M2), ("float8_e4m3fn", .f8E4M3), ("float8_e5m2fnuz", .f8E5M2FNUZ),
    ("float8_e4m3fnuz", .f8E4M3FNUZ), ("float8_e8m0fnu", .f8E8M0), ("complex32", nil),
    ("complex128", nil), ("float4_e2m1fn_x2", nil), ("qint8", nil), ("quint8", nil),
    ("qint32", nil), ("quint4x2", nil), ("quint2x4", nil), ("bits1x8", nil), ("bits2x4", nil),
    ("bits4x2", nil), ("bits8", nil), ("bits16", nil),
  ]

  static let storageNames: [(name: String, dtype: DType?)] = [
    ("FloatStorage", .f32), ("DoubleStorage", .f64), ("HalfStorage", .f16),
    ("BFloat16Storage", .bf16), ("ByteStorage", .u8), ("CharStorage", .i8), ("ShortStorage", .i16),
    ("IntStorage", .i32), ("LongStorage", .i64), ("BoolStorage", .bool),
    ("ComplexFloatStorage", .c64), ("ComplexDoubleStorage", nil), ("QInt8Storage", nil),
    ("QUInt8Storage", nil), ("QInt32Storage", nil), ("QUInt4x2Storage", nil),
    ("QUInt2x4Storage", nil),
  ]

  /// The bytes that an element of one of these storages takes, so that a file's storages can be
  /// counted through even where their elements cannot be read.
  static func byteCount(ofElementIn storageName: String) -> Int {
    switch storageName {
    case "torch.ComplexDoubleStorage": 16
    case "torch.QInt32Storage": 4
    default: 1
    }
  }
}

extension TorchElementType {
  /// PyTorch's names for an element type, and for its storage where that has a type of its own.
  ///
  /// - Throws: `wrong-dtype` when there is none.
  static func names(of dtype: DType) throws -> (elementType: String, storage: String?) {
    guard let name = names.first(where: { $0.dtype == dtype })?.name else {
      throw Fault(
        .wrongDType, "PyTorch has no element type for \(dtype)",
        remedy: "write a safetensors file, or choose another element type with --dtype")
    }
    return (name, storageNames.first { $0.dtype == dtype }?.name)
  }
}
