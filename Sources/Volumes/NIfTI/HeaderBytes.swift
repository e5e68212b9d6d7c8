/// A NIfTI header's bytes in either version and byte order. The offsets come from ``HeaderLayout``
/// alone and lie inside by construction.
struct HeaderBytes {
  enum ByteOrder {
    case little
    case big
  }

  private(set) var bytes: [UInt8]
  let layout: HeaderLayout
  let byteOrder: ByteOrder

  init(_ bytes: [UInt8], layout: HeaderLayout, byteOrder: ByteOrder) {
    precondition(bytes.count == layout.byteCount, "a header has its version's length")
    self.bytes = bytes
    self.layout = layout
    self.byteOrder = byteOrder
  }

  /// An empty header to fill in.
  init(layout: HeaderLayout) {
    self.init(
      [UInt8](repeating: 0, count: layout.byteCount), layout: layout, byteOrder: .little)
  }

  func uint8(at offset: Int) -> UInt8 { bytes[offset] }
  func int16(at offset: Int) -> Int16 { Int16(bitPattern: integer(at: offset)) }
  func int64(at offset: Int) -> Int64 { Int64(bitPattern: integer(at: offset)) }

  /// One of a field's counts: 16 bits or 64.
  func count(at offset: Int, index: Int = 0) -> Int {
    layout.version == .one ? Int(int16(at: offset + 2 * index)) : Int(int64(at: offset + 8 * index))
  }

  /// A code: 16 bits or 32.
  func code(at offset: Int) -> Int32 {
    layout.version == .one
      ? Int32(int16(at: offset)) : Int32(bitPattern: integer(at: offset) as UInt32)
  }

  /// Reals of 32 bits or 64.
  func reals(at offset: Int, count: Int) -> [Double] {
    (0..<count).map { index in
      layout.version == .one
        ? Double(Float(bitPattern: integer(at: offset + 4 * index)))
        : Double(bitPattern: integer(at: offset + 8 * index))
    }
  }

  func real(at offset: Int) -> Double { reals(at: offset, count: 1)[0] }

  /// The text at `offset` up to its first zero.
  func text(at offset: Int, limit: Int) -> [UInt8] {
    Array(bytes[offset..<offset + limit].prefix { $0 != 0 })
  }

  mutating func set(_ value: UInt8, at offset: Int) { bytes[offset] = value }
  mutating func set(int16 value: Int16, at offset: Int) {
    put(UInt16(bitPattern: value), at: offset)
  }
  mutating func set(int32 value: Int32, at offset: Int) {
    put(UInt32(bitPattern: value), at: offset)
  }
  mutating func set(int64 value: Int64, at offset: Int) {
    put(UInt64(bitPattern: value), at: offset)
  }

  /// - Parameter values: within the version's width.
  mutating func set(counts values: [Int], at offset: Int) {
    for (index, value) in values.enumerated() {
      if layout.version == .one {
        set(int16: Int16(clamping: value), at: offset + 2 * index)
      } else {
        set(int64: Int64(value), at: offset + 8 * index)
      }
    }
  }

  mutating func set(code: Int32, at offset: Int) {
    if layout.version == .one {
      set(int16: Int16(clamping: code), at: offset)
    } else {
      set(int32: code, at: offset)
    }
  }

  mutating func set(reals values: [Double], at offset: Int) {
    for (index, value) in values.enumerated() {
      if layout.version == .one {
        put(Float(value).bitPattern, at: offset + 4 * index)
      } else {
        put(value.bitPattern, at: offset + 8 * index)
      }
    }
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
