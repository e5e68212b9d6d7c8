import Synchronization

/// Memory for intermediate results, used again for the next one of about the same size.
///
/// Asking the system for fresh pages costs about as much as writing them: a forward pass that
/// allocates its 200 MB feature maps anew loses a tenth of its time. Every ``FloatBuffer`` hands
/// its memory back to the workspace it came from when its last reference goes.
package final class Workspace: Sendable {
  private let free = Mutex(FreeBlocks())

  package init() {}

  /// A block of at least `capacity` floats, contents unspecified.
  func take(capacity: Int) -> MemoryBlock {
    free.withLock { $0.take(capacity: capacity) } ?? MemoryBlock(capacity: capacity)
  }

  func giveBack(_ block: MemoryBlock) {
    free.withLock { $0.blocks.append(block) }
  }

  /// Returns the memory that nothing uses at the moment to the system.
  package func trim() {
    free.withLock { $0.releaseAll() }
  }

  deinit { trim() }

  private struct FreeBlocks: Sendable {
    var blocks: [MemoryBlock] = []

    /// The smallest block that fits without wasting more than half of itself.
    mutating func take(capacity: Int) -> MemoryBlock? {
      var best: Int?
      for (index, block) in blocks.enumerated()
      where block.capacity >= capacity && block.capacity / 2 <= max(capacity, 1024) {
        if best == nil || block.capacity < blocks[best!].capacity { best = index }
      }
      guard let best else { return nil }
      return blocks.remove(at: best)
    }

    mutating func releaseAll() {
      for block in blocks { block.deallocate() }
      blocks = []
    }
  }
}

/// Raw memory with one owner at a time: a buffer or a workspace's list.
struct MemoryBlock: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let capacity: Int

  init(capacity: Int) {
    // A cache line's alignment, so that no vector load straddles two.
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: max(capacity, 1) * MemoryLayout<Float>.stride, alignment: 64)
    base = raw.bindMemory(to: Float.self, capacity: max(capacity, 1))
    self.capacity = capacity
  }

  func deallocate() { UnsafeMutableRawPointer(base).deallocate() }
}
