import Diagnostics
import Files

/// Access to the structures of a file while it is opened.
///
/// Addresses come from the file and are trusted in nothing: every piece lies within the file, and
/// all pieces together are bounded by its size, since an honest file's structures do not overlap.
/// That bound makes the time to open a file linear in its size whatever it claims.
final class HDF5Metadata {
  let file: MappedFile
  let superblock: HDF5Superblock
  let limits: HDF5Limits
  /// Element types with an object header of their own, by its address.
  var committedTypes: [UInt64: HDF5Cursor] = [:]
  private var budget: Int
  private var visited: Set<UInt64> = []

  init(_ file: MappedFile, limits: HDF5Limits) throws {
    self.file = file
    self.limits = limits
    superblock = try HDF5Superblock(reading: file)
    // Twice: a group's names are looked up outside of the heap that holds them.
    budget = min(file.byteCount, Int.max / 4) * 2 + 65_536
  }

  /// Where `count` bytes at `address` lie in the file.
  func range(at address: UInt64, count: Int, subject: String) throws -> Range<Int> {
    guard let relative = Int(exactly: address), count >= 0,
      relative <= superblock.end - superblock.base,
      count <= superblock.end - superblock.base - relative
    else {
      throw Fault(
        .hdf5Corrupt,
        "\(subject): \(count) bytes at address \(address) do not lie within the file",
        remedy: "the file is damaged: fetch, copy or write it again")
    }
    let start = superblock.base + relative
    return start..<start + count
  }

  /// The bytes from `address` on: `count` of them, or fewer where the file ends and `clipped` says
  /// that this is no fault.
  func read(
    at address: UInt64, count: Int, subject: String, clipped: Bool = false
  ) throws -> HDF5Cursor {
    var count = count
    if clipped, let relative = Int(exactly: address) {
      count = max(0, min(count, superblock.end - superblock.base - relative))
    }
    let cursor = try peek(at: address, count: count, subject: subject)
    try charge(count, cursor)
    return cursor
  }

  /// What ``read(at:count:subject:clipped:)`` gives, not yet counted: for a name, whose length shows
  /// only once it is read.
  func peek(at address: UInt64, count: Int, subject: String) throws -> HDF5Cursor {
    let range = try range(at: address, count: count, subject: subject)
    let bytes = try file.withBytes(in: range) { [UInt8](copying: $0) }
    return HDF5Cursor(bytes, fileOffset: range.lowerBound, subject: subject)
  }

  /// Counts `count` bytes against what the whole file may make its reader look at.
  func charge(_ count: Int, _ cursor: HDF5Cursor) throws {
    budget -= count
    guard budget >= 0 else { throw cursor.fault("the file's structures overlap") }
  }

  /// Notes that the structure at `address` is being read.
  ///
  /// - Throws: `hdf5-cycle` when it was read before.
  func visit(_ address: UInt64, subject: String) throws {
    guard visited.insert(address).inserted else {
      throw Fault(
        .hdf5Cycle, "\(subject): the structure at address \(address) is reached a second time",
        at: .init(byteOffset: UInt64(superblock.base) &+ address),
        remedy: "the file is damaged: fetch, copy or write it again")
    }
  }
}

extension [UInt8] {
  init(copying bytes: RawSpan) {
    self = bytes.withUnsafeBytes { [UInt8]($0) }
  }
}
