import Diagnostics
import Files

/// A piece of text or a long number where it lies in the file.
struct PickleSlice: Sendable, Hashable {
  let offset: Int
  let byteCount: Int32
}

/// Reads a pickle front to back. Reading past the end is a fault with the offset in the file.
struct PickleCursor {
  private let file: MappedFile
  /// Where reading has to stop: the end of the data, or where the limit is.
  private let end: Int
  /// Whether data follow `end`.
  private let isCut: Bool
  /// The offset in the file of the next byte.
  private(set) var offset: Int
  /// A copy of the bytes around the next one: opcodes are small and many.
  private var window: [UInt8] = []
  private var windowStart = 0
  private static let windowByteCount = 1 << 14
  /// What is being read, for messages, and where it began.
  private(set) var subject: StaticString = "the pickle"
  private(set) var subjectOffset: Int

  /// - Parameter limit: how many bytes of `range` may be read.
  init(_ file: MappedFile, range: Range<Int>, limit: Int) {
    self.file = file
    offset = range.lowerBound
    subjectOffset = range.lowerBound
    isCut = range.count > limit
    end = range.lowerBound + min(range.count, limit)
  }

  var remaining: Int { end - offset }

  mutating func begin(_ subject: StaticString, at offset: Int) {
    self.subject = subject
    subjectOffset = offset
  }

  /// A fault of what is being read, where it began.
  func fault(_ code: Fault.Code, _ reason: String, remedy: String? = nil) -> Fault {
    Fault(
      code, "\(subject): \(reason)", at: .init(byteOffset: UInt64(subjectOffset)), remedy: remedy)
  }

  /// - Throws: `pickle-truncated`, or `pickle-limit` when the pickle is longer than is allowed.
  private mutating func take(_ count: Int) throws -> Range<Int> {
    guard count <= end - offset else {
      if isCut {
        throw fault(
          .pickleLimit, "the pickle is longer than is allowed", remedy: PickleCursor.remedy)
      }
      throw fault(
        .pickleTruncated, "\(count) bytes are expected where \(end - offset) are left",
        remedy: "the file is damaged: fetch, copy or write it again")
    }
    defer { offset += count }
    return offset..<offset + count
  }

  static let remedy = "save the state dict alone: torch.save(model.state_dict(), …)"

  /// A little-endian number.
  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
    let range = try take(MemoryLayout<Number>.size)
    try look(at: range)
    var number: Number = 0
    for index in range.reversed() {
      number = number << 8 | Number(truncatingIfNeeded: window[index - windowStart])
    }
    return number
  }

  mutating func byte() throws -> UInt8 {
    let range = try take(1)
    try look(at: range)
    return window[range.lowerBound - windowStart]
  }

  /// Moves the window where the few bytes of `range` are not in it.
  private mutating func look(at range: Range<Int>) throws {
    guard range.lowerBound < windowStart || range.upperBound > windowStart + window.count else {
      return
    }
    windowStart = range.lowerBound
    let windowEnd = windowStart + min(end - windowStart, PickleCursor.windowByteCount)
    window = try file.withBytes(in: windowStart..<windowEnd) { $0.copy(0..<$0.byteCount) }
  }

  mutating func slice(_ count: Int) throws -> PickleSlice {
    let range = try take(count)
    return PickleSlice(offset: range.lowerBound, byteCount: Int32(count))
  }

  /// Text up to a line feed, which is taken too.
  mutating func line(limit: Int) throws -> String {
    var bytes: [UInt8] = []
    while true {
      let next = try byte()
      if next == UInt8(ascii: "\n") { break }
      guard bytes.count < limit else {
        throw fault(.pickleLimit, "a name is longer than \(limit) bytes")
      }
      bytes.append(next)
    }
    guard let line = String(validating: bytes, as: UTF8.self) else {
      throw fault(.pickleText, "a name is not UTF-8")
    }
    return line
  }

  /// The bytes that a slice stands for.
  func bytes(of slice: PickleSlice) throws -> [UInt8] {
    try file.withBytes(in: slice.offset..<slice.offset + Int(slice.byteCount)) {
      $0.copy(0..<$0.byteCount)
    }
  }
}
