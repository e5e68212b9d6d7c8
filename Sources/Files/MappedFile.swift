import Diagnostics
import Glibc

/// A file of which only the pages that are looked at come into memory.
///
/// The one owner of the mapping's pointer: everybody else sees spans that cannot outlive it and
/// cannot reach beyond it.
///
/// Nobody may cut the file short while bytes of it are lent: the system ends a process that touches
/// mapped pages which are no longer there. A file that was cut before is noticed, and a fault.
package final class MappedFile: Sendable {
  package let path: String
  package let byteCount: Int
  private let descriptor: Int32
  nonisolated(unsafe) private let start: UnsafeRawPointer?

  /// - Throws: `missing-input` when there is no such file, `unreadable` when it is a folder or the
  ///   system refuses.
  package init(path: String) throws {
    self.path = path
    let place = Fault.Place(file: path)
    // Non-blocking: opening a named pipe must not wait for somebody to write into it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let missing = errno == ENOENT || errno == ENOTDIR
      throw Fault(
        missing ? .missingInput : .unreadable,
        missing ? "there is no such file" : systemMessage(), at: place)
    }
    do {
      byteCount = try MappedFile.sizeOfRegularFile(descriptor, at: place)
      start = try MappedFile.map(descriptor, byteCount: byteCount, at: place)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  deinit {
    if let start { munmap(UnsafeMutableRawPointer(mutating: start), byteCount) }
    close(descriptor)
  }

  private static func sizeOfRegularFile(_ descriptor: Int32, at place: Fault.Place) throws -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw Fault(.unreadable, systemMessage(), at: place)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Fault(.unreadable, "this is a folder or a device, not a file", at: place)
    }
    return Int(status.st_size)
  }

  private static func map(
    _ descriptor: Int32, byteCount: Int, at place: Fault.Place
  ) throws -> UnsafeRawPointer? {
    // The system maps no empty range.
    guard byteCount > 0 else { return nil }
    guard let address = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0),
      address != MAP_FAILED
    else {
      throw Fault(.unreadable, "cannot map the file: \(systemMessage())", at: place)
    }
    return UnsafeRawPointer(address)
  }

  /// The bytes in `range`.
  ///
  /// - Throws: `unreadable` when the range does not lie in the file, or no longer does.
  package func withBytes<Result>(
    in range: Range<Int>, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    guard range.lowerBound >= 0, range.upperBound <= byteCount else {
      throw Fault(
        .unreadable, "bytes \(range.lowerBound)…\(range.upperBound) lie beyond the file's end",
        at: .init(file: path, byteOffset: UInt64(max(0, range.lowerBound))))
    }
    let place = Fault.Place(file: path)
    let present = try MappedFile.sizeOfRegularFile(descriptor, at: place)
    guard range.upperBound <= present else {
      throw Fault(
        .unreadable,
        "the file was cut from \(byteCount) to \(present) bytes while it was being read",
        at: place)
    }
    let bytes = UnsafeRawBufferPointer(start: start, count: byteCount)
    return try body(UnsafeRawBufferPointer(rebasing: bytes[range]).bytes)
  }

  package func withBytes<Result>(_ body: (RawSpan) throws -> Result) throws -> Result {
    try withBytes(in: 0..<byteCount, body)
  }

  /// Lends bytes that are going to be read from the first to the last: their pages come into memory
  /// together rather than one after the other as they are touched, and leave it afterwards.
  ///
  /// - Throws: `unreadable` as ``withBytes(in:_:)``.
  package func withAllBytes<Result>(
    in range: Range<Int>, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    defer { release(range) }
    return try withBytes(in: range) { bytes in
      populate(range)
      return try body(bytes)
    }
  }

  /// Linux's advice, since version 5.14, to map pages that are to be read; older ones refuse it, and
  /// the pages come when they are touched.
  private static let populateRead: Int32 = 22
  /// What is mapped at once, so that a large tensor does not fill the memory before it is read.
  private static let largestPopulation = 32 << 20

  private func populate(_ range: Range<Int>) {
    guard let start, range.count >= 1 << 16 else { return }
    let lower = range.lowerBound / MappedFile.pageSize * MappedFile.pageSize
    let count = min(range.upperBound - lower, MappedFile.largestPopulation)
    madvise(UnsafeMutableRawPointer(mutating: start + lower), count, MappedFile.populateRead)
  }

  private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  /// Gives the pages of `range` back to the system once they are no longer needed, so that reading
  /// a large file front to back keeps a small footprint.
  package func release(_ range: Range<Int>) {
    guard let start else { return }
    let page = MappedFile.pageSize
    let lower = (range.lowerBound + page - 1) / page * page
    let upper = range.upperBound / page * page
    guard lower < upper, upper <= byteCount else { return }
    madvise(UnsafeMutableRawPointer(mutating: start + lower), upper - lower, MADV_DONTNEED)
  }
}

/// Whether there is a folder at `path`, or a link to one.
package func isFolder(at path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// The system's words for the last error.
package func systemMessage(_ code: Int32 = errno) -> String {
  String(cString: strerror(code))
}
