/// The two checksums that HDF5 keeps beside its bytes.
package enum HDF5Checksum {
  /// Bob Jenkins's lookup3 (`hashlittle` with seed 0), over metadata.
  package static func lookup3(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var a = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: bytes.count)
    var (b, c) = (a, a)
    var rest = bytes
    func word(_ index: Int) -> UInt32 {
      let start = rest.startIndex + index * 4
      let end = min(start + 4, rest.endIndex)
      return start < end ? rest[start..<end].reversed().reduce(0) { $0 << 8 | UInt32($1) } : 0
    }
    func turned(_ value: UInt32, _ count: UInt32) -> UInt32 {
      value << count | value >> (32 - count)
    }
    while rest.count > 12 {
      a &+= word(0)
      b &+= word(1)
      c &+= word(2)
      a = (a &- c) ^ turned(c, 4)
      c &+= b
      b = (b &- a) ^ turned(a, 6)
      a &+= c
      c = (c &- b) ^ turned(b, 8)
      b &+= a
      a = (a &- c) ^ turned(c, 16)
      c &+= b
      b = (b &- a) ^ turned(a, 19)
      a &+= c
      c = (c &- b) ^ turned(b, 4)
      b &+= a
      rest = rest.dropFirst(12)
    }
    if rest.isEmpty { return c }
    a &+= word(0)
    b &+= word(1)
    c &+= word(2)
    c = (c ^ b) &- turned(b, 14)
    a = (a ^ c) &- turned(c, 11)
    b = (b ^ a) &- turned(a, 25)
    c = (c ^ b) &- turned(b, 16)
    a = (a ^ c) &- turned(c, 4)
    b = (b ^ a) &- turned(a, 14)
    return (c ^ b) &- turned(b, 24)
  }

  /// HDF5's Fletcher-32, over chunks: big-endian 16-bit words, both sums starting at 0.
  static func fletcher32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var (first, second) = (UInt32(0), UInt32(0))
    func folded(_ sum: UInt32) -> UInt32 { (sum & 0xFFFF) + sum >> 16 }
    var index = bytes.startIndex
    var untilFolding = 360
    while index < bytes.endIndex {
      let low = index + 1 < bytes.endIndex ? UInt32(bytes[index + 1]) : 0
      first += UInt32(bytes[index]) << 8 | low
      second += first
      index += 2
      untilFolding -= 1
      if untilFolding == 0 {
        first = folded(first)
        second = folded(second)
        untilFolding = 360
      }
    }
    first = folded(folded(first))
    second = folded(folded(second))
    return second << 16 | first
  }
}
