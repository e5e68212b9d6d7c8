/// Collects the structures of a file front to back; the address of a structure is where it starts.
/// Numbers are little-endian, as HDF5 keeps all of its own.
struct HDF5Encoder {
  private(set) var bytes: [UInt8] = []

  /// Where the next byte will stand.
  var address: UInt64 { UInt64(bytes.count) }

  mutating func u8(_ value: UInt8) { bytes.append(value) }
  mutating func u16(_ value: Int) { append(UInt16(value)) }
  mutating func u32(_ value: Int) { append(UInt32(value)) }
  mutating func u64(_ value: UInt64) { append(value) }
  mutating func append(_ more: [UInt8]) { bytes += more }
  mutating func signature(_ text: StaticString) { bytes += Array("\(text)".utf8) }
  mutating func zeros(_ count: Int) { bytes += repeatElement(0, count: count) }

  /// HDF5's “undefined”, which is all ones.
  mutating func noAddress() { append(UInt64.max) }

  /// Zeros up to the next multiple of eight, counted from the first byte.
  mutating func pad() { zeros(bytes.count.paddingToEight) }

  private mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }
}

extension Int {
  /// How many bytes are missing to a multiple of eight.
  var paddingToEight: Int { (8 - self % 8) % 8 }
}
