import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

@Suite("Refusing safetensors files")
struct SafetensorsRefusalTests {
  /// Headers that the specification allows.
  static let sound: Set<String> = [
    "plain", "spaces after", "line after", "spaces inside", "metadata", "metadata last",
    "metadata empty", "surrogate pair", "no name", "two halves", "nothing in front",
    "nothing behind", "whole bytes of halves", "scalar",
  ]

  /// Why the others are refused, where it is not the header's own form.
  static let codes: [String: Fault.Code] = [
    "bytes for fewer elements": .invalidSafetensorsOffsets,
    "bytes for more elements": .invalidSafetensorsOffsets,
    "a hole in front": .invalidSafetensorsOffsets,
    "a hole behind": .invalidSafetensorsOffsets,
    "beyond the file": .truncated,
    "overlap": .invalidSafetensorsOffsets,
    "overlap in part": .invalidSafetensorsOffsets,
    "nothing in the middle": .invalidSafetensorsOffsets,
    "nothing beyond": .invalidSafetensorsOffsets,
    "no tensors": .invalidSafetensorsOffsets,
    "one offset": .invalidSafetensorsOffsets,
    "three offsets": .invalidSafetensorsOffsets,
    "no offsets in the list": .invalidSafetensorsOffsets,
    "offsets the wrong way": .invalidSafetensorsOffsets,
    "half a byte": .invalidShape,
    "extents beyond 64 bits": .invalidShape,
    "brackets": .invalidSafetensorsHeader,
  ]

  static let names = (try? SafetensorsFixture.verdicts().keys.sorted()) ?? []

  @Test("the specification alone decides what is read", arguments: names)
  func strict(name: String) throws {
    let verdict = try #require(try SafetensorsFixture.verdicts()[name])
    let outcome = try safetensorsOutcome(of: verdict.file)
    let expected = Self.sound.contains(name) ? nil : Self.codes[name] ?? .invalidSafetensorsHeader
    #expect(outcome?.code == expected, "\(String(describing: outcome))")
    #expect(outcome == nil || outcome?.code.exitStatus == .invalidData)
    #expect(outcome == nil || outcome?.place.file != nil)
    // Strict is never more than what the reference accepts.
    #expect(verdict.accepted || expected != nil)
  }

  @Test("the compatible mode reads what the reference reads, and no more", arguments: names)
  func compatible(name: String) throws {
    let verdict = try #require(try SafetensorsFixture.verdicts()[name])
    let outcome = try safetensorsOutcome(of: verdict.file, .compatible)
    #expect((outcome == nil) == verdict.accepted, "\(String(describing: outcome))")
  }

  @Test("in the compatible mode the last of several tensors and entries counts")
  func lastCounts() throws {
    let verdicts = try SafetensorsFixture.verdicts()
    try withTemporaryFile(try #require(verdicts["name twice, other dtype"]).file) { path in
      let source = try SafetensorsCheckpoint(path: path, reading: .compatible)
      #expect(source.tensors.map(\.dtype) == [.i32])
    }
    try withTemporaryFile(try #require(verdicts["metadata with a name twice"]).file) { path in
      let source = try SafetensorsCheckpoint(path: path, reading: .compatible)
      #expect(source.metadata == ["x": "2"])
    }
  }

  static let header =
    Array(
      #"{"__metadata__":{"a":"b"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#.utf8)
    + Array(#""a":{"dtype":"I8","shape":[1,3],"data_offsets":[8,11]}}"#.utf8)
  static let data: [UInt8] = Array(0..<11)

  static let count = UInt64(header.count)
  static let lengths: [(UInt64, Fault.Code)] = [
    (0, .invalidSafetensorsHeader), (1, .invalidSafetensorsHeader),
    (count - 1, .invalidSafetensorsHeader), (count + 1, .invalidSafetensorsHeader),
    (count + 11, .invalidSafetensorsHeader), (count + 12, .truncated),
    (100_000_000, .truncated), (100_000_001, .invalidSafetensorsHeader),
    (1 << 62, .invalidSafetensorsHeader),
    (1 << 63, .invalidSafetensorsHeader), (.max - 7, .invalidSafetensorsHeader),
    (.max, .invalidSafetensorsHeader),
  ]

  @Test("a length that the file does not bear out is refused", arguments: lengths)
  func wrongLengths(length: UInt64, code: Fault.Code) throws {
    let file = safetensorsFile(Self.header, data: Self.data, length: length)
    #expect(try safetensorsOutcome(of: file)?.code == code)
    #expect(try safetensorsOutcome(of: safetensorsFile(Self.header, data: Self.data)) == nil)
  }

  @Test("a file that is cut off anywhere is refused as cut off")
  func cutOff() throws {
    let file = safetensorsFile(Self.header, data: Self.data)
    for count in file.indices {
      let outcome = try safetensorsOutcome(of: Array(file.prefix(count)))
      #expect(outcome?.code == .truncated, "\(count) bytes: \(String(describing: outcome))")
    }
    let longer = try safetensorsOutcome(of: file + [0])
    #expect(longer?.code == .invalidSafetensorsOffsets)
  }

  @Test("any byte may be any other: the file is read or refused, in either mode")
  func everyByte() throws {
    let file = safetensorsFile(Self.header, data: Self.data)
    let others: [UInt8] = [
      0, 0x20, 0x22, 0x2C, 0x2D, 0x30, 0x39, 0x5B, 0x5D, 0x7B, 0x7D, 0x80, 0xFF,
    ]
    for index in 0..<8 + Self.header.count {
      for other in others {
        var damaged = file
        damaged[index] = other
        for mode in [SafetensorsHeader.Mode.strict, .compatible] {
          if let fault = try safetensorsOutcome(of: damaged, mode) {
            #expect(fault.code.exitStatus == .invalidData, "byte \(index) = \(other): \(fault)")
          }
        }
      }
    }
  }

  /// Headers that are large for what they say, up to the format's own bound.
  static let wasteful: [(name: String, code: Fault.Code, header: @Sendable () -> [UInt8])] = [
    (
      "very many extents", .overLimit,
      { Array("{\"a\":{\"dtype\":\"F32\",\"shape\":[0".utf8) + repeated(",0", 1 << 20) }
    ),
    (
      "very many offsets", .overLimit,
      { Array("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0".utf8) + repeated(",0", 1 << 20) }
    ),
    (
      "very many bad tensors", .invalidSafetensorsHeader,
      { [0x7B] + repeated("\"a\":{},", 1 << 20) }
    ),
    (
      "very many sound tensors", .overLimit,
      {
        let tensor = #""a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"#
        return [0x7B] + repeated(tensor, 1 << 18)
      }
    ),
    (
      "very many entries of metadata", .overLimit,
      {
        let entries = (0..<1 << 18).map { "\"\($0)\":\"\"" }
        return Array("{\"__metadata__\":{\(entries.joined(separator: ","))}}".utf8)
      }
    ),
    (
      "very long metadata", .overLimit,
      { Array("{\"__metadata__\":{\"a\":\"".utf8) + repeated("a", (16 << 20) + 1) }
    ),
    (
      "a very long name", .overLimit,
      { Array("{\"".utf8) + repeated("a", (16 << 20) + 1) }
    ),
    (
      "very many lists", .invalidSafetensorsHeader,
      { Array("{\"a\":[".utf8) + repeated("[],", 1 << 20) }
    ),
  ]

  private static func repeated(_ text: String, _ count: Int) -> [UInt8] {
    var bytes = Array(text.utf8)
    while bytes.count < count * text.utf8.count { bytes += bytes }
    return bytes
  }

  @Test(
    "a header that takes very much memory is refused before it does", arguments: wasteful.indices)
  func largeHeaders(index: Int) throws {
    let wasteful = Self.wasteful[index]
    let file = safetensorsFile(wasteful.header())
    for mode in [SafetensorsHeader.Mode.strict, .compatible] {
      let fault = try #require(try safetensorsOutcome(of: file, mode))
      #expect(fault.code == wasteful.code, "\(wasteful.name): \(fault)")
    }
  }

  @Test("a header as long as the format allows is read, and one byte more is too long")
  func longestHeader() throws {
    let length = 100_000_000
    var file = safetensorsFile(
      Self.header + [UInt8](repeating: 0x20, count: length - Self.header.count), data: Self.data)
    #expect(try safetensorsOutcome(of: file) == nil)
    file.insert(0x20, at: file.count - Self.data.count)
    file.replaceSubrange(0..<8, with: safetensorsFile([], length: UInt64(length + 1)))
    #expect(try safetensorsOutcome(of: file)?.code == .invalidSafetensorsHeader)
  }

  @Test("tensors by the ten thousand are read, and found by their names")
  func manyTensors() throws {
    let count = 20_000
    let entries = (0..<count).map {
      "\"model.layers.\($0).weight\":{\"dtype\":\"U8\",\"shape\":[1],"
        + "\"data_offsets\":[\($0),\($0 + 1)]}"
    }
    let header = Array("{\(entries.joined(separator: ","))}".utf8)
    let data = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    try withTemporaryFile(safetensorsFile(header, data: data)) { path in
      let source = try SafetensorsCheckpoint(path: path)
      #expect(source.tensors.count == count)
      for number in [0, 1, 9, 7_777, count - 1] {
        let bytes = try source.copiedBytes(of: SourceKey("model.layers.\(number).weight"))
        #expect(bytes == [UInt8(truncatingIfNeeded: number)])
      }
      #expect(source.description(of: SourceKey("model.layers.\(count).weight")) == nil)
    }
  }

  @Test("tensors of very many bytes, none of them there, are refused at once")
  func hugeTensors() throws {
    for shape in ["[1152921504606846975]", "[2305843009213693952]", "[1,9223372036854775807]"] {
      let header =
        #"{"a":{"dtype":"F64","shape":\#(shape),"data_offsets":[0,9223372036854775800]}}"#
      let fault = try #require(try safetensorsOutcome(of: safetensorsFile(Array(header.utf8))))
      #expect([.truncated, .invalidShape, .invalidSafetensorsOffsets].contains(fault.code))
    }
  }
}
