import Checkpoints
import Testing

/// A structure that ends in a checksum over itself. Whoever makes a hostile file makes the checksum
/// match, so that tests have to do so too.
struct HDF5SealedStructure {
  let signature: String
  let start: Int
  /// The bytes before the checksum.
  let byteCount: Int

  private static let signatures = [
    "FRHP", "FHIB", "BTHD", "BTIN", "BTLF", "EAHD", "EAIB", "EADB", "FAHD", "FADB", "OHDR",
  ]

  /// Every structure of the file whose checksum matches some length of it.
  static func all(in bytes: [UInt8], longest: Int = 720) -> [HDF5SealedStructure] {
    bytes.indices.dropLast(8).compactMap { start in
      guard let signature = signatures.first(where: { bytes[start...].starts(with: $0.utf8) }),
        let byteCount = (6..<min(longest, bytes.count - start - 4)).first(where: {
          bytes.word(at: start + $0) == HDF5Checksum.lookup3(bytes[start..<start + $0])
        })
      else { return nil }
      return HDF5SealedStructure(signature: signature, start: start, byteCount: byteCount)
    }
  }

  /// Makes the checksum match what the structure holds now.
  func seal(_ bytes: inout [UInt8]) {
    let checksum = HDF5Checksum.lookup3(bytes[start..<start + byteCount])
    for index in 0..<4 {
      bytes[start + byteCount + index] = UInt8(truncatingIfNeeded: checksum >> (index * 8))
    }
  }
}

extension [UInt8] {
  func word(at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << ($1 * 8) }
  }
}
