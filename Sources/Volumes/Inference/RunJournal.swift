import Diagnostics
import Files
import Glibc

/// What a long run has finished so far, kept in a file, so that after an interruption another run can
/// go on from there.
///
/// A record is appended and synced whenever a part is finished, and carries a checksum: whatever the
/// interruption left of the last one is cut off. The file begins with a fingerprint of all that the
/// result depends on; a run over anything else refuses it.
package final class RunJournal {
  package let path: String
  private let file: RandomAccessFile
  /// The parts found in the file and not yet taken.
  private var pending: ArraySlice<Record>

  private struct Record {
    let offset: UInt64
    let wordCount: Int
  }

  /// - Parameters:
  ///   - path: an existing journal, or where a new one is to be.
  ///   - fingerprint: the digest of all that the result depends on.
  /// - Throws: `journal-mismatch` for the journal of a run over something else, for a file that is no
  ///   journal, and for one that another run is writing; `unreadable`, `cannot-create`.
  package init(path: String, fingerprint: SHA256Digest) throws {
    self.path = path
    let file = try RunJournal.open(path)
    self.file = file
    let magic = RunJournal.magic(fingerprint)
    let length = try RunJournal.access(path) { try file.byteCount() }
    if length == 0 {
      pending = []
      try RunJournal.access(path) { try file.append(magic) }
      return
    }
    let found = try RunJournal.bytes(of: file, at: 0, count: magic.count, path)
    guard found.elementsEqual(magic) else { throw RunJournal.mismatch(path, found, magic) }
    let (records, end) = try RunJournal.scan(
      file, from: UInt64(magic.count), length: length, path)
    pending = records[...]
    try RunJournal.access(path) {
      try file.truncate(at: end)
    }
  }

  /// How many finished parts are there to be taken.
  package var finishedCount: Int { pending.count }

  /// The next part that an earlier run finished; nil when there is no more.
  ///
  /// - Throws: `journal-mismatch` when it is not `count` words long.
  func next(wordCount count: Int) throws -> [UInt32]? {
    guard let record = pending.popFirst() else { return nil }
    guard record.wordCount == count else {
      throw Fault(
        .journalMismatch, "a part of \(record.wordCount) words, expected are \(count)",
        at: .init(file: path, byteOffset: record.offset), remedy: "remove the file")
    }
    let bytes = try RunJournal.bytes(of: file, at: record.offset, count: 4 * count, path)
    return (0..<count).map { RunJournal.number(bytes[4 * $0..<4 * $0 + 4]) }
  }

  /// Adds a part that is finished. All earlier ones have been taken.
  ///
  /// - Throws: `write-failed`.
  func append(_ words: [UInt32]) throws {
    var record: [UInt8] = []
    record.reserveCapacity(RunJournal.overhead + 4 * words.count)
    record += RunJournal.littleEndian(UInt64(words.count))
    for word in words { record += RunJournal.littleEndian(word) }
    record += RunJournal.checksum(record[...])
    do {
      try file.append(record)
      try file.synchronize()
    } catch {
      throw Fault(
        .writeFailed, "cannot write: \(systemMessage())", at: .init(file: path),
        remedy: "free some space or keep the run's state on another disk")
    }
  }

  /// Removes the file, once the result is where it should be.
  package func remove() { unlink(path) }
}

extension RunJournal {
  private static func open(_ path: String) throws -> RandomAccessFile {
    let place = Fault.Place(file: path)
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o666)
    guard descriptor >= 0 else {
      throw Fault(.cannotCreate, "cannot keep a run's state here: \(systemMessage())", at: place)
    }
    let file = RandomAccessFile(path: path, taking: descriptor)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Fault(.cannotCreate, "this is a folder or a device, not a file", at: place)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw Fault(
        .journalMismatch, "another run is writing this file", at: place,
        remedy: "wait for it, or give this run a file of its own")
    }
    return file
  }

  /// A record's count of words and its checksum.
  private static let overhead = 8 + 64

  private static func magic(_ fingerprint: SHA256Digest) -> [UInt8] {
    Array("inflate-ckpt run 1\n\(fingerprint)\n".utf8)
  }

  private static func mismatch(_ path: String, _ found: [UInt8], _ magic: [UInt8]) -> Fault {
    let isJournal = found.prefix(17).elementsEqual(magic.prefix(17))
    return Fault(
      .journalMismatch,
      isJournal
        ? "the file keeps the state of a run with another checkpoint, scan or option"
        : "the file keeps no run's state", at: .init(file: path),
      remedy: isJournal
        ? "repeat that run's command line, or remove the file to begin anew"
        : "choose another name")
  }

  /// The whole records that the file holds, and where the last of them ends.
  private static func scan(
    _ file: RandomAccessFile, from start: UInt64, length: UInt64, _ path: String
  ) throws -> (records: [Record], end: UInt64) {
    var records: [Record] = []
    var offset = start
    while length - offset >= UInt64(overhead) {
      let room = (length - offset - UInt64(overhead)) / 4
      let count: UInt64 = number(try bytes(of: file, at: offset, count: 8, path)[...])
      guard count <= room else { break }
      let size = 8 + 4 * Int(count)
      let record = try bytes(of: file, at: offset, count: size + 64, path)
      guard record.count == size + 64,
        record[size...].elementsEqual(checksum(record[..<size]))
      else { break }
      records.append(Record(offset: offset + 8, wordCount: Int(count)))
      offset += UInt64(record.count)
    }
    return (records, offset)
  }

  private static func access<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch {
      throw Fault(.unreadable, systemMessage(), at: .init(file: path))
    }
  }

  private static func bytes(
    of file: RandomAccessFile, at offset: UInt64, count: Int, _ path: String
  ) throws -> [UInt8] {
    try access(path) { try file.bytes(at: offset, count: count) }
  }

  private static func number<Value: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>) -> Value {
    bytes.reversed().reduce(0) { $0 << 8 | Value($1) }
  }

  private static func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    Array(SHA256Digest.of(bytes.span.bytes).description.utf8)
  }
}
