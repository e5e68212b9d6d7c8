import Glibc

/// A range of addresses as large as the machine's memory, of which only the pages that were once
/// written exist. Blocks are cut from it, and neighbours that come back become one again, so that
/// the memory of many small maps serves a large one and the other way round.
///
/// Its pages are huge ones, which the system clears and the processor finds faster than as many
/// small ones.
struct Arena: @unchecked Sendable {
  /// Bytes of a huge page; blocks are whole pages.
  static let pageSize = 2 << 20

  /// Nil before the first block, and where the system lends no such range.
  private var start: UnsafeMutableRawPointer?
  private var pageCount = 0
  /// Ranges of pages that are not in use, in ascending order, no two touching.
  private var free: [Range<Int>] = []

  /// The smallest free range that is large enough, the first among equals; nil when there is none.
  mutating func take(byteCount: Int) -> MemoryBlock? {
    if start == nil { reserve() }
    let pages = (byteCount + Arena.pageSize - 1) / Arena.pageSize
    let fitting = free.indices.filter { free[$0].count >= pages }
    guard let start, let index = fitting.min(by: { free[$0].count < free[$1].count }) else {
      return nil
    }
    let first = free[index].lowerBound
    if free[index].count == pages {
      free.remove(at: index)
    } else {
      free[index] = first + pages..<free[index].upperBound
    }
    return MemoryBlock(
      base: start + first * Arena.pageSize,
      capacity: pages * Arena.pageSize / MemoryLayout<Float>.stride)
  }

  private mutating func reserve() {
    let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    // One page more, for a start at a multiple of the page's size.
    let byteCount = (memory / Arena.pageSize + 1) * Arena.pageSize
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let range = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0),
      range != MAP_FAILED
    else { return }
    madvise(range, byteCount, MADV_HUGEPAGE)
    let skipped = -Int(bitPattern: range) & (Arena.pageSize - 1)
    start = range + skipped
    pageCount = byteCount / Arena.pageSize - 1
    free = [0..<pageCount]
  }

  func contains(_ block: MemoryBlock) -> Bool {
    guard let start else { return false }
    let base = UnsafeMutableRawPointer(block.base)
    return base >= start && base < start + pageCount * Arena.pageSize
  }

  mutating func giveBack(_ block: MemoryBlock) {
    guard let start else { return }
    let first = (UnsafeMutableRawPointer(block.base) - start) / Arena.pageSize
    var range = first..<first + block.byteCount / Arena.pageSize
    var index = free.firstIndex { $0.lowerBound > first } ?? free.count
    if index < free.count, free[index].lowerBound == range.upperBound {
      range = range.lowerBound..<free[index].upperBound
      free.remove(at: index)
    }
    if index > 0, free[index - 1].upperBound == range.lowerBound {
      index -= 1
      range = free[index].lowerBound..<range.upperBound
      free.remove(at: index)
    }
    free.insert(range, at: index)
  }

  /// Gives the pages of the free ranges back to the system.
  func trim() {
    guard let start else { return }
    for range in free {
      madvise(
        start + range.lowerBound * Arena.pageSize, range.count * Arena.pageSize, MADV_DONTNEED)
    }
  }

  /// Ends the arena; no block of it may be in use.
  mutating func unmap() {
    guard let start else { return }
    munmap(start, pageCount * Arena.pageSize)
    self.start = nil
  }
}
