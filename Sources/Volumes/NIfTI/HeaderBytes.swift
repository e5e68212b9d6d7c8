/// A NIfTI-1 header's bytes in either byte order. The offsets come from ``Field`` alone and lie
/// inside by construction.
struct HeaderBytes {
  enum ByteOrder {
    case little
    case big
  }

  private(set) var bytes: [UInt8]
  let byteOrder: ByteOrder

  init(_ bytes: [UInt8], byteOrder: ByteOrder) {
    precondition(bytes.count == Field.headerLength, "a header has 348 bytes")
    self.bytes = bytes
    self.byteOrder = byteOrder
  }

  /// An empty header to fill in.
  init() {
    self.init([UInt8](repeating: 0, count: Field.headerLength), byteOrder: .little)
  }

  func uint8(at offset: Int) -> UInt8 { bytes[offset] }
  func int16(at offset: Int) -> Int16 { Int16(bitPattern: integer(at: offset)) }
  func int32(at offset: Int) -> Int32 { Int32(bitPattern: integer(at: offset)) }
  func float(at offset: Int) -> Float { Float(bitPattern: integer(at: offset)) }

  func floats(at offset: Int, count: Int) -> [Float] {
    (0..<count).map { float(at: offset + 4 * $0) }
  }

  /// The text at `offset` up to its first zero.
  func text(at offset: Int, limit: Int) -> [UInt8] {
    Array(bytes[offset..<offset + limit].prefix { $0 != 0 })
  }

  mutating func set(_ value: UInt8, at offset: Int) { bytes[offset] = value }
  mutating func set(_ value: Int16, at offset: Int) { put(UInt16(bitPattern: value), at: offset) }
  mutating func set(_ value: Int32, at offset: Int) { put(UInt32(bitPattern: value), at: offset) }

  mutating func set(_ values: [Float], at offset: Int) {
    for (index, value) in values.enumerated() { put(value.bitPattern, at: offset + 4 * index) }
  }

  mutating func set(_ text: [UInt8], at offset: Int, limit: Int) {
    for (index, byte) in text.prefix(limit).enumerated() { bytes[offset + index] = byte }
  }

  private func integer<Value: FixedWidthInteger>(at offset: Int) -> Value {
    let width = Value.bitWidth / 8
    return (0..<width).reduce(Value.zero) { value, index in
      let byte = byteOrder == .big ? index : width - 1 - index
      return value << 8 | Value(bytes[offset + byte])
    }
  }

  private mutating func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
    let width = Value.bitWidth / 8
    for index in 0..<width {
      let byte = byteOrder == .big ? width - 1 - index : index
      bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }
}
