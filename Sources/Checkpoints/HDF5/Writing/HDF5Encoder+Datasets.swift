import Diagnostics
import Tensors

/// A message of an object header, in the format of version 1.
struct HDF5Message {
  let kind: HDF5ObjectHeader.Kind
  let body: [UInt8]

  init(_ kind: HDF5ObjectHeader.Kind, _ body: [UInt8]) {
    self.kind = kind
    self.body = body
  }

  init(_ kind: HDF5ObjectHeader.Kind, _ encode: (inout HDF5Encoder) -> Void) {
    var encoder = HDF5Encoder()
    encode(&encoder)
    self.init(kind, encoder.bytes)
  }

  /// The bit of a message that never changes, with which the library writes types and fill values.
  var flags: UInt8 { kind == .dataType || kind == .fillValue ? 1 : 0 }
}

extension HDF5Encoder {
  /// An object header of version 1: no checksum, no time, everything in multiples of eight bytes.
  mutating func appendObjectHeader(_ messages: [HDF5Message]) {
    let sizes = messages.map { $0.body.count + $0.body.count.paddingToEight }
    u8(1)
    u8(0)
    u16(messages.count)
    // How many links lead here.
    u32(1)
    u32(sizes.reduce(0) { $0 + 8 + $1 })
    zeros(4)
    for (message, size) in zip(messages, sizes) {
      u16(Int(message.kind.rawValue))
      u16(size)
      u8(message.flags)
      zeros(3)
      append(message.body)
      zeros(size - message.body.count)
    }
  }

  /// The object header of a contiguous dataset.
  ///
  /// - Parameter data: where the elements will stand, or nil when there are none.
  /// - Throws: `hdf5-element-type` for a type that HDF5 files have no accepted form for.
  mutating func appendDataset(dtype: DType, shape: Shape, byteCount: Int, data: UInt64?) throws {
    let type = try HDF5Message.elementType(dtype)
    var messages = [HDF5Message.dataspace(shape), type, .defaultFillValue]
    messages.append(
      HDF5Message(.layout) {
        $0.u8(3)
        $0.u8(1)
        if let data { $0.u64(data) } else { $0.noAddress() }
        $0.u64(UInt64(byteCount))
      })
    if dtype == .bf16 { messages.append(.brainFloatMark) }
    appendObjectHeader(messages)
  }
}

extension HDF5Message {
  static func dataspace(_ shape: Shape) -> HDF5Message {
    HDF5Message(.dataspace) { encoder in
      encoder.u8(1)
      encoder.u8(UInt8(shape.rank))
      encoder.zeros(6)
      for extent in shape.extents { encoder.u64(UInt64(extent)) }
    }
  }

  /// Zeros, for elements that nobody writes; HDF5 wants it said.
  static let defaultFillValue = HDF5Message(.fillValue) {
    $0.append([2, 2, 2, 1])
    $0.u32(0)
  }

  /// The attribute `dtype = "bfloat16"`: HDF5 1.10 has no such type, so that the bits are stored as
  /// 16-bit integers.
  static let brainFloatMark = HDF5Message(.attribute) {
    let (name, value) = (Array("dtype\0".utf8), Array("bfloat16".utf8))
    $0.u8(1)
    $0.u8(0)
    $0.u16(name.count)
    $0.u16(8)
    $0.u16(8)
    $0.append(name)
    $0.pad()
    // A string of fixed size, filled up with NULs, in a dataspace of no axes.
    $0.append([0x13, 1, 0, 0])
    $0.u32(value.count)
    $0.append([1, 0, 0, 0, 0, 0, 0, 0])
    $0.append(value)
  }

  static func elementType(_ dtype: DType) throws -> HDF5Message {
    let byteCount = dtype.bitWidth / 8
    switch dtype {
    case .u8, .u16, .u32, .u64, .bf16: return integer(byteCount: byteCount, isSigned: false)
    case .i8, .i16, .i32, .i64: return integer(byteCount: byteCount, isSigned: true)
    case .f16: return float(byteCount: 2, exponent: [10, 5], mantissa: [0, 10], bias: 15)
    case .f32: return float(byteCount: 4, exponent: [23, 8], mantissa: [0, 23], bias: 127)
    case .f64: return float(byteCount: 8, exponent: [52, 11], mantissa: [0, 52], bias: 1023)
    case .bool: return boolean
    case .f4, .f6E2M3, .f6E3M2, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ, .c64:
      throw Fault(
        .hdf5ElementType, "\(dtype) has no form in HDF5 that other programs would know",
        remedy: "write safetensors, or another element type")
    }
  }

  private static func integer(byteCount: Int, isSigned: Bool) -> HDF5Message {
    HDF5Message(.dataType) {
      $0.append([0x10, isSigned ? 8 : 0, 0, 0])
      $0.u32(byteCount)
      $0.u16(0)
      $0.u16(byteCount * 8)
    }
  }

  private static func float(
    byteCount: Int, exponent: [UInt8], mantissa: [UInt8], bias: Int
  ) -> HDF5Message {
    HDF5Message(.dataType) {
      // The mantissa's leading 1 is not stored, and the sign is the highest bit.
      $0.append([0x11, 0x20, UInt8(byteCount * 8 - 1), 0])
      $0.u32(byteCount)
      $0.u16(0)
      $0.u16(byteCount * 8)
      $0.append(exponent + mantissa)
      $0.u32(bias)
    }
  }

  /// h5py's boolean: an enumeration of one signed byte.
  private static let boolean = HDF5Message(.dataType) {
    $0.append([0x18, 2, 0, 0])
    $0.u32(1)
    $0.append(integer(byteCount: 1, isSigned: true).body)
    for name in ["FALSE", "TRUE"] {
      $0.append(Array(name.utf8) + [0])
      $0.zeros((name.utf8.count + 1).paddingToEight)
    }
    $0.append([0, 1])
  }
}
