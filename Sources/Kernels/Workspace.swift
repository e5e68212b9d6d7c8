import Glibc
import Synchronization

/// Memory for intermediate results, used again for the next ones.
///
/// Asking the system for fresh pages costs about as much as writing them: a forward pass that
/// allocates its 200 MB feature maps anew loses a tenth of its time. Every ``FloatBuffer`` hands
/// its memory back to the workspace it came from when its last reference goes.
package final class Workspace: Sendable {
  private let state = Mutex(State())

  package init() {}

  /// A block of at least `capacity` floats, contents unspecified.
  func take(capacity: Int) -> MemoryBlock {
    let byteCount = capacity * MemoryLayout<Float>.stride
    return state.withLock { state in
      guard byteCount >= Arena.pageSize / 8 else {
        return state.takeSmall(capacity: capacity) ?? MemoryBlock(capacity: capacity)
      }
      return state.arena.take(byteCount: byteCount) ?? MemoryBlock(capacity: capacity)
    }
  }

  func giveBack(_ block: MemoryBlock) {
    state.withLock { state in
      if state.arena.contains(block) {
        state.arena.giveBack(block)
      } else if block.byteCount < Arena.pageSize / 8 {
        state.small.append(block)
      } else {
        block.deallocate()
      }
    }
  }

  /// Returns the memory that nothing uses at the moment to the system.
  package func trim() {
    state.withLock { state in
      state.arena.trim()
      for block in state.small { block.deallocate() }
      state.small = []
    }
  }

  deinit {
    trim()
    state.withLock { $0.arena.unmap() }
  }

  private struct State: Sendable {
    var arena = Arena()
    var small: [MemoryBlock] = []

    /// The smallest block that fits without wasting more than half of itself.
    mutating func takeSmall(capacity: Int) -> MemoryBlock? {
      var best: Int?
      for (index, block) in small.enumerated()
      where block.capacity >= capacity && block.capacity / 2 <= max(capacity, 1024) {
        if best == nil || block.capacity < small[best!].capacity { best = index }
      }
      guard let best else { return nil }
      return small.remove(at: best)
    }
  }
}

/// Raw memory with one owner at a time: a buffer or a workspace.
struct MemoryBlock: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let capacity: Int

  var byteCount: Int { capacity * MemoryLayout<Float>.stride }

  init(base: UnsafeMutableRawPointer, capacity: Int) {
    self.base = base.bindMemory(to: Float.self, capacity: capacity)
    self.capacity = capacity
  }

  init(capacity: Int) {
    let byteCount = max(capacity, 1) * MemoryLayout<Float>.stride
    let base =
      byteCount < Arena.pageSize
      // A cache line's alignment, so that no vector load straddles two.
      ? UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
      : MemoryBlock.mapped(byteCount: byteCount)
    self.init(base: base, capacity: max(capacity, 1))
  }

  /// A mapping of its own, at a multiple of a huge page: among the small allocations it would leave
  /// holes that nothing else fits into.
  private static func mapped(byteCount: Int) -> UnsafeMutableRawPointer {
    let reserved = byteCount + Arena.pageSize
    guard
      let range = mmap(
        nil, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      range != MAP_FAILED
    else { fatalError("the system has no \(byteCount) bytes of memory left") }
    let skipped = -Int(bitPattern: range) & (Arena.pageSize - 1)
    let base = range + skipped
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let rest = (byteCount + page - 1) / page * page
    if skipped > 0 { munmap(range, skipped) }
    munmap(base + rest, reserved - skipped - rest)
    madvise(base, byteCount, MADV_HUGEPAGE)
    return base
  }

  func deallocate() {
    if byteCount < Arena.pageSize {
      UnsafeMutableRawPointer(base).deallocate()
    } else {
      munmap(base, byteCount)
    }
  }
}
