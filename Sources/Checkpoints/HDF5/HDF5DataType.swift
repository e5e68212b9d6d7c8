import Diagnostics
import Tensors

/// A number as HDF5 stores it.
struct HDF5Number: Sendable, Hashable {
  var dtype: DType
  var isBigEndian: Bool

  var byteCount: Int { dtype.bitWidth / 8 }
}

/// An element type, as far as tensors and the attributes of tensors need it.
enum HDF5DataType: Sendable, Hashable {
  case number(HDF5Number)
  /// A string of a fixed number of bytes, padded.
  case string(byteCount: Int)
  /// A string that lies in a heap.
  case variableString
  /// A type that no tensor has; the words say what it is.
  case other(String)

  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`.
  init(reading cursor: HDF5Cursor) throws {
    var cursor = cursor
    self = try HDF5DataType.next(&cursor)
  }

  /// - Throws: `hdf5-element-type`.
  func number() throws -> HDF5Number {
    switch self {
    case .number(let number): return number
    case .string, .variableString:
      throw Fault(
        .hdf5ElementType, "the dataset holds text, which is no tensor",
        remedy: "store text as attributes, or leave it out")
    case .other(let name):
      throw Fault(
        .hdf5ElementType, "the elements are of a type that no tensor has: \(name)",
        remedy: "store integers, IEEE floats or booleans, or leave the dataset out")
    }
  }

  private static func next(_ cursor: inout HDF5Cursor) throws -> HDF5DataType {
    let place = cursor
    let first = try cursor.u8()
    let version = first >> 4
    guard (1...5).contains(version) else {
      throw place.fault("version \(version) of an element type is unknown", .hdf5Unsupported)
    }
    let bits = UInt32(try cursor.unsigned(byteCount: 3))
    let size = try cursor.length(byteCount: 4)
    switch first & 0xF {
    case 0: return try fixedPoint(&cursor, bits: bits, size: size)
    case 1: return try floatingPoint(&cursor, bits: bits, size: size)
    case 2: return .other("time")
    case 3: return .string(byteCount: size)
    case 4: return .other("bit field")
    case 5: return .other("opaque")
    case 6: return .other("compound (h5py stores complex numbers this way)")
    case 7: return .other("reference")
    case 8: return try enumeration(&cursor, bits: bits, size: size, version: version)
    case 9: return bits & 0xF == 1 ? .variableString : .other("variable-length sequence")
    case 10: return .other("array")
    case 11: return .other("complex")
    case let number: throw place.fault("element type class \(number) does not exist")
    }
  }

  private static func fixedPoint(
    _ cursor: inout HDF5Cursor, bits: UInt32, size: Int
  ) throws -> HDF5DataType {
    let (offset, precision) = (try cursor.u16(), try cursor.u16())
    guard bits & ~0xF == 0, offset == 0, Int(precision) == size * 8 else {
      return .other("an integer of \(precision) bits in \(size) bytes")
    }
    let signed = bits & 8 != 0
    let dtype: DType
    switch size {
    case 1: dtype = signed ? .i8 : .u8
    case 2: dtype = signed ? .i16 : .u16
    case 4: dtype = signed ? .i32 : .u32
    case 8: dtype = signed ? .i64 : .u64
    default: return .other("an integer of \(size) bytes")
    }
    return .number(HDF5Number(dtype: dtype, isBigEndian: bits & 1 != 0))
  }

  /// Where the parts of a floating-point number lie; all of its types differ in this alone.
  private struct FloatLayout: Hashable {
    var size: Int
    var sign: UInt32
    var precision: UInt16
    var exponent: [UInt8]
    var mantissa: [UInt8]
    var bias: UInt32
  }

  private static let floatTypes: [FloatLayout: DType] = [
    FloatLayout(
      size: 2, sign: 15, precision: 16, exponent: [10, 5], mantissa: [0, 10], bias: 15): .f16,
    FloatLayout(
      size: 2, sign: 15, precision: 16, exponent: [7, 8], mantissa: [0, 7], bias: 127): .bf16,
    FloatLayout(
      size: 4, sign: 31, precision: 32, exponent: [23, 8], mantissa: [0, 23], bias: 127): .f32,
    FloatLayout(
      size: 8, sign: 63, precision: 64, exponent: [52, 11], mantissa: [0, 52], bias: 1023): .f64,
  ]

  private static func floatingPoint(
    _ cursor: inout HDF5Cursor, bits: UInt32, size: Int
  ) throws -> HDF5DataType {
    let (offset, precision) = (try cursor.u16(), try cursor.u16())
    let layout = FloatLayout(
      size: size, sign: bits >> 8 & 0xFF, precision: precision,
      exponent: [try cursor.u8(), try cursor.u8()], mantissa: [try cursor.u8(), try cursor.u8()],
      bias: try cursor.u32())
    // Bits 4 and 5: the mantissa's leading 1 is not stored; bit 6 marks the order of a VAX.
    guard let dtype = floatTypes[layout], offset == 0, bits & 0x70 == 0x20 else {
      return .other("a floating-point type that is neither IEEE 16, 32, 64 bits nor bfloat16")
    }
    return .number(HDF5Number(dtype: dtype, isBigEndian: bits & 1 != 0))
  }

  /// h5py writes booleans as an enumeration of one byte: FALSE = 0, TRUE = 1.
  private static func enumeration(
    _ cursor: inout HDF5Cursor, bits: UInt32, size: Int, version: UInt8
  ) throws -> HDF5DataType {
    let memberCount = bits & 0xFFFF
    let other = HDF5DataType.other("an enumeration other than h5py's boolean")
    guard size == 1, memberCount == 2 else { return other }
    guard cursor.bytes.first.map({ $0 & 0xF }) == 0, case .number = try next(&cursor) else {
      return other
    }
    var names: [String] = []
    for _ in 0..<memberCount {
      let name = try cursor.terminatedBytes()
      names.append(String(decoding: name, as: UTF8.self))
      if version < 3 { try cursor.skip((8 - (name.count + 1) % 8) % 8) }
    }
    let values = [try cursor.u8(), try cursor.u8()]
    guard
      Dictionary(zip(names, values), uniquingKeysWith: { first, _ in first })
        == ["FALSE": 0, "TRUE": 1]
    else { return other }
    return .number(HDF5Number(dtype: .bool, isBigEndian: false))
  }
}
