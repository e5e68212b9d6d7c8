/// Memory for floats with reference semantics: whoever holds it sees what a kernel writes there.
///
/// An `[Float]` that two places hold is copied on the first write; feature maps are too large for
/// such surprises.
///
/// Sendable without a lock: weights are written once, before anybody shares them, and a buffer of
/// intermediate results belongs to one forward pass, whose threads write disjoint parts.
package final class FloatBuffer: @unchecked Sendable {
  package let count: Int
  let base: UnsafeMutablePointer<Float>
  private let block: MemoryBlock
  private let origin: Workspace?

  /// Contents unspecified until written.
  package init(count: Int, from workspace: Workspace? = nil) {
    precondition(count >= 0, "a buffer of \(count) floats")
    self.count = count
    origin = workspace
    block = workspace?.take(capacity: count) ?? MemoryBlock(capacity: count)
    base = block.base
  }

  deinit {
    if let origin { origin.giveBack(block) } else { block.deallocate() }
  }
}
