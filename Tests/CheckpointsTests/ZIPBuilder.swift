import Foundation

/// Makes a valid ZIP archive and remembers where each of its fields stands, so that a test damages
/// one by name.
struct ZIPBuilder {
  struct Member {
    var name: [UInt8]
    /// As it stands in the file.
    var data: [UInt8]
    var method: UInt16 = 0
    /// The size inflated; nil for that of `data`.
    var size: Int?
    var checksum: UInt32
    var flags: UInt16 = 1 << 11
    /// Sizes and checksum in the header are zero and follow the data, as PyTorch and streams do.
    var hasDescriptor = false
    /// Sizes and offset stand in a zip64 field.
    var isZIP64 = false
    var localExtra: [UInt8] = []
    var centralExtra: [UInt8] = []

    init(_ name: String, _ data: [UInt8]) {
      self.name = Array(name.utf8)
      self.data = data
      checksum = ZIPBuilder.checksum(of: data)
    }

    /// A deflated member; `inflated` is what it comes to.
    init(_ name: String, deflated: [UInt8], inflated: [UInt8]) {
      self.init(name, deflated)
      method = 8
      size = inflated.count
      checksum = ZIPBuilder.checksum(of: inflated)
    }
  }

  var prefix: [UInt8] = []
  var members: [Member] = []
  var comment: [UInt8] = []
  var isZIP64 = false

  init(_ members: Member...) { self.members = members }

  func build() -> ZIPImage {
    var image = ZIPImage()
    image.bytes = prefix
    var offsets: [Int] = []
    for (index, member) in members.enumerated() {
      offsets.append(image.bytes.count)
      image.appendLocal(member, "local[\(index)]")
    }
    let directory = image.bytes.count
    for (index, member) in members.enumerated() {
      image.appendCentral(member, offset: offsets[index], "central[\(index)]")
    }
    image.appendEnd(
      directory: directory, count: members.count, isZIP64: isZIP64, comment: comment)
    return image
  }

  /// CRC-32 bit by bit.
  static func checksum(of bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in
        sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1
      }
    }
  }
}

/// An archive's bytes and the places of its fields.
struct ZIPImage {
  struct Field {
    let offset: Int
    let width: Int
  }

  var bytes: [UInt8] = []
  /// By name: `end.comment length`, `central[0].method`.
  private(set) var fields: [String: Field] = [:]

  func value(_ name: String) -> UInt64 {
    let field = fields[name]!
    return bytes[field.offset..<field.offset + field.width].reversed().reduce(0) {
      $0 << 8 | UInt64($1)
    }
  }

  mutating func set(_ name: String, _ value: UInt64) {
    let field = fields[name]!
    for index in 0..<field.width {
      bytes[field.offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
    }
  }

  mutating func add(_ name: String, _ amount: Int) {
    set(name, value(name) &+ UInt64(bitPattern: Int64(amount)))
  }

  private mutating func append(_ value: some BinaryInteger, _ width: Int, _ name: String) {
    fields[name] = Field(offset: bytes.count, width: width)
    for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }

  fileprivate mutating func appendLocal(_ member: ZIPBuilder.Member, _ at: String) {
    let size = member.hasDescriptor ? 0 : member.size ?? member.data.count
    let compressed = member.hasDescriptor ? 0 : member.data.count
    append(0x0403_4B50, 4, "\(at).signature")
    append(20, 2, "\(at).version needed")
    append(member.flags | (member.hasDescriptor ? 8 : 0), 2, "\(at).flags")
    append(member.method, 2, "\(at).method")
    append(0, 4, "\(at).time")
    append(member.hasDescriptor ? 0 : member.checksum, 4, "\(at).checksum")
    append(member.isZIP64 ? 0xFFFF_FFFF : compressed, 4, "\(at).compressed size")
    append(member.isZIP64 ? 0xFFFF_FFFF : size, 4, "\(at).size")
    append(member.name.count, 2, "\(at).name length")
    append(member.localExtra.count + (member.isZIP64 ? 20 : 0), 2, "\(at).extra length")
    fields["\(at).name"] = Field(offset: bytes.count, width: min(8, member.name.count))
    bytes += member.name
    if member.isZIP64 {
      append(1, 2, "\(at).zip64 identifier")
      append(16, 2, "\(at).zip64 length")
      append(size, 8, "\(at).zip64 size")
      append(compressed, 8, "\(at).zip64 compressed size")
    }
    fields["\(at).extra"] = Field(offset: bytes.count, width: min(8, member.localExtra.count))
    bytes += member.localExtra
    fields["\(at).data"] = Field(offset: bytes.count, width: min(8, member.data.count))
    bytes += member.data
    if member.hasDescriptor {
      append(0x0807_4B50, 4, "\(at).descriptor signature")
      append(member.checksum, 4, "\(at).descriptor checksum")
      append(member.data.count, 4, "\(at).descriptor compressed size")
      append(member.size ?? member.data.count, 4, "\(at).descriptor size")
    }
  }

  fileprivate mutating func appendCentral(
    _ member: ZIPBuilder.Member, offset: Int, _ at: String
  ) {
    append(0x0201_4B50, 4, "\(at).signature")
    append(20, 2, "\(at).version made by")
    append(20, 2, "\(at).version needed")
    append(member.flags | (member.hasDescriptor ? 8 : 0), 2, "\(at).flags")
    append(member.method, 2, "\(at).method")
    append(0, 4, "\(at).time")
    append(member.checksum, 4, "\(at).checksum")
    append(member.isZIP64 ? 0xFFFF_FFFF : member.data.count, 4, "\(at).compressed size")
    append(
      member.isZIP64 ? 0xFFFF_FFFF : member.size ?? member.data.count, 4, "\(at).size")
    append(member.name.count, 2, "\(at).name length")
    append(member.centralExtra.count + (member.isZIP64 ? 28 : 0), 2, "\(at).extra length")
    append(0, 2, "\(at).comment length")
    append(0, 2, "\(at).disk")
    append(0, 2, "\(at).internal attributes")
    append(0, 4, "\(at).external attributes")
    append(member.isZIP64 ? 0xFFFF_FFFF : offset, 4, "\(at).offset")
    fields["\(at).name"] = Field(offset: bytes.count, width: min(8, member.name.count))
    bytes += member.name
    if member.isZIP64 {
      append(1, 2, "\(at).zip64 identifier")
      append(24, 2, "\(at).zip64 length")
      append(member.size ?? member.data.count, 8, "\(at).zip64 size")
      append(member.data.count, 8, "\(at).zip64 compressed size")
      append(offset, 8, "\(at).zip64 offset")
    }
    fields["\(at).extra"] = Field(offset: bytes.count, width: min(8, member.centralExtra.count))
    bytes += member.centralExtra
  }

  fileprivate mutating func appendEnd(
    directory: Int, count: Int, isZIP64: Bool, comment: [UInt8]
  ) {
    let end = bytes.count
    if isZIP64 {
      append(0x0606_4B50, 4, "zip64 end.signature")
      append(44, 8, "zip64 end.length")
      append(45, 2, "zip64 end.version made by")
      append(45, 2, "zip64 end.version needed")
      append(0, 4, "zip64 end.disk")
      append(0, 4, "zip64 end.directory disk")
      append(count, 8, "zip64 end.entries on disk")
      append(count, 8, "zip64 end.entries")
      append(end - directory, 8, "zip64 end.directory size")
      append(directory, 8, "zip64 end.directory offset")
      append(0x0706_4B50, 4, "locator.signature")
      append(0, 4, "locator.disk")
      append(end, 8, "locator.offset")
      append(1, 4, "locator.disks")
    }
    append(0x0605_4B50, 4, "end.signature")
    append(0, 2, "end.disk")
    append(0, 2, "end.directory disk")
    append(count, 2, "end.entries on disk")
    append(count, 2, "end.entries")
    append(end - directory, 4, "end.directory size")
    append(directory, 4, "end.directory offset")
    append(comment.count, 2, "end.comment length")
    bytes += comment
  }
}

/// Deflated data, bit by bit, without a compressor.
struct DeflateBits {
  private(set) var bytes: [UInt8] = []
  private var used = 8

  mutating func append(_ value: Int, _ count: Int) {
    for index in 0..<count {
      if used == 8 {
        bytes.append(0)
        used = 0
      }
      bytes[bytes.count - 1] |= UInt8(value >> index & 1) << UInt8(used)
      used += 1
    }
  }

  /// Huffman codes come with their highest bit first.
  mutating func appendCode(_ code: Int, _ count: Int) {
    for index in (0..<count).reversed() { append(code >> index & 1, 1) }
  }

  /// `bytes` in one block without compression.
  static func stored(_ bytes: [UInt8], isLast: Bool = true) -> [UInt8] {
    let count = UInt16(bytes.count)
    return [isLast ? 1 : 0, UInt8(count & 0xFF), UInt8(count >> 8)]
      + [UInt8(~count & 0xFF), UInt8(~count >> 8)] + bytes
  }

  /// `1 + 258 × repetitions` zeros, a thousand times smaller.
  static func zeros(repetitions: Int) -> [UInt8] {
    var bits = DeflateBits()
    bits.append(0b011, 3)  // The last block, with the fixed codes.
    bits.appendCode(0b0011_0000, 8)  // A literal 0,
    for _ in 0..<repetitions {
      bits.appendCode(0b1100_0101, 8)  // 258 bytes more
      bits.appendCode(0, 5)  // of what came one byte before,
    }
    bits.appendCode(0, 7)  // and the end.
    return bits.bytes
  }
}
