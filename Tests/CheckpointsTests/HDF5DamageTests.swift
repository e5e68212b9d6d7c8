import Checkpoints
import Diagnostics
import Foundation
import Testing

/// Damage without a plan. What counts is that every outcome is a tensor or a fault: a trap or an
/// endless loop ends the test run.
@Suite("Surviving damaged HDF5 files")
struct HDF5DamageTests {
  @Test("a file cut off anywhere is a fault", .timeLimit(.minutes(2)))
  func truncation() throws {
    for name in [
      "hostile/base.h5", "hostile/base_1.10.h5", "hostile/base_dense.h5", "valid/user_block.h5",
    ] {
      let bytes = try HDF5Fixture.bytes(name)
      for count in stride(from: 0, to: bytes.count, by: bytes.count / 300 + 1) {
        let fault = try HDF5Fixture.outcome(of: Array(bytes.prefix(count)))
        #expect(
          fault?.code == .hdf5Truncated || fault?.code == .hdf5Signature,
          "\(name) after \(count) bytes: \(fault.map { "\($0)" } ?? "no fault")")
      }
    }
  }

  @Test(
    "a file with one changed byte opens or is a fault", .timeLimit(.minutes(2)),
    arguments: ["hostile/base.h5", "hostile/base_1.10.h5"])
  func changedByte(file: String) throws {
    let bytes = try HDF5Fixture.bytes(file)
    var generator = SplitMix(state: 1)
    var faults = 0
    for index in bytes.indices where index < 2400 || index.isMultiple(of: 7) {
      var damaged = bytes
      damaged[index] = UInt8(truncatingIfNeeded: generator.next())
      if try HDF5Fixture.outcome(of: damaged) != nil { faults += 1 }
    }
    #expect(faults > 100)
  }

  @Test("a file with several changed words opens or is a fault", .timeLimit(.minutes(2)))
  func changedWords() throws {
    var generator = SplitMix(state: 2)
    for name in try HDF5Fixture.expected().keys.sorted() {
      let bytes = try HDF5Fixture.bytes("valid/\(name)")
      for _ in 0..<100 {
        var damaged = bytes
        for _ in 0...generator.next() % 4 { damaged.damage(&generator) }
        _ = try HDF5Fixture.outcome(of: damaged)
      }
    }
  }
}

extension [UInt8] {
  /// Overwrites an aligned word with something that HDF5 is likely to take for an address, a length
  /// or a mark.
  fileprivate mutating func damage(_ generator: inout SplitMix) {
    let word = Int(generator.next() % UInt64(count / 8)) * 8
    let value: UInt64
    switch generator.next() % 5 {
    case 0: value = .max
    case 1: value = generator.next()
    case 2: value = generator.next() % UInt64(count)
    case 3: value = 1 << (generator.next() % 64)
    default:
      let other = Int(generator.next() % UInt64(count / 8)) * 8
      self.replaceSubrange(word..<word + 8, with: Array(self[other..<other + 8]))
      return
    }
    let width = [1, 2, 4, 8][Int(generator.next() % 4)]
    for byte in 0..<width { self[word + byte] = UInt8(truncatingIfNeeded: value >> (byte * 8)) }
  }
}

/// A seeded generator: the same damage on every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
