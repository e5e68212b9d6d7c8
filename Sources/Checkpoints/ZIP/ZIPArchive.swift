import Diagnostics
import Files

/// An open ZIP archive, checked as a whole before any member is looked at: the central directory,
/// every member's own header and the room that each takes agree with one another.
///
/// Members are lent from the mapping where they are stored, and inflated one by one where they are
/// deflated.
package final class ZIPArchive: Sendable {
  /// Bounds on what an archive may ask of its reader, far beyond any checkpoint's needs.
  package struct Limits: Sendable, Hashable {
    package var entryCount = 1 << 15
    /// The central directory, of which several copies of every name are made.
    package var directoryByteCount = 10 << 20
    /// One member's name, in UTF-8.
    package var nameByteCount = 1024
    /// One deflated member, inflated.
    package var inflatedByteCount = 16 << 30
    /// Deflated members that inflate to more than this may not do so at more than ``largestRatio``
    /// to one, which weights never reach.
    package var freelyInflatedByteCount = 32 << 20
    package var largestRatio = 100

    package init() {}
  }

  package enum Method: UInt16, Sendable {
    case stored = 0
    case deflated = 8
  }

  package struct Entry: Sendable, Hashable {
    /// A relative path without `.` or `..`, its parts joined by `/`.
    package let name: String
    package let method: Method
    /// The bytes that the member takes in the file.
    package let compressedSize: Int
    package let size: Int
    package let crc32: UInt32
    /// The general purpose bits.
    package let flags: UInt16
    /// Where the member's own header begins.
    package let headerOffset: Int
    /// Where the member's bytes lie in the file.
    package let dataRange: Range<Int>
  }

  package let file: MappedFile
  /// In the order of the central directory; folders are left out.
  package let entries: [Entry]
  let limits: Limits
  private let indices: [ZIPName.Key: Int]

  /// - Throws: `truncated`, or one of the codes that begin with `zip-`, each with the file and the
  ///   byte offset.
  package init(file: MappedFile, limits: Limits = Limits()) throws {
    self.file = file
    self.limits = limits
    entries = try located(in: .init(file: file.path)) {
      try file.withBytes { bytes in
        let end = try ZIPEndRecord(readingLastOf: bytes)
        let records = try ZIPDirectory.records(in: bytes, end: end, limits: limits)
        return try ZIPDirectory.entries(of: records, in: bytes, end: end, limits: limits)
      }
    }
    indices = Dictionary(
      uniqueKeysWithValues: entries.enumerated().map { (ZIPName.Key(name: $1.name), $0) })
  }

  /// - Throws: as ``init(file:limits:)`` does, and `missing-input` or `unreadable`.
  package convenience init(path: String, limits: Limits = Limits()) throws {
    try self.init(file: MappedFile(path: path), limits: limits)
  }

  package func entry(named name: String) -> Entry? {
    indices[ZIPName.Key(name: name)].map { entries[$0] }
  }
}
