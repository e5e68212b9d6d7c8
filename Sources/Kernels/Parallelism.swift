import Dispatch
import Glibc
import Synchronization

/// How many threads the kernels use. The results do not depend on it: work is cut into pieces by
/// its shape alone, and no sum runs over two pieces.
package enum Parallelism {
  private static let configured = Atomic<Int>(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

  package static var threadCount: Int {
    get { configured.load(ordering: .relaxed) }
    set { configured.store(max(1, newValue), ordering: .relaxed) }
  }
}

/// Runs `body` for every index below `count`, on several threads; returns when all are done.
///
/// Whichever thread is free takes the next index. `body` writes only what belongs to its index.
func parallelFor(_ count: Int, _ body: (Int) -> Void) {
  let threads = min(count, Parallelism.threadCount)
  guard threads > 1 else {
    for index in 0..<count { body(index) }
    return
  }
  let next = Atomic<Int>(0)
  withoutActuallyEscaping(body) { body in
    // Each index is handed out once, and bodies of different indices touch different memory.
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        if index >= count { return }
        body(index)
      }
    }
  }
}

/// `0..<count` cut into ranges of at most `size`, for pieces of work that are cheap one by one.
func parallelRanges(_ count: Int, of size: Int, _ body: (Range<Int>) -> Void) {
  let pieces = (count + size - 1) / size
  parallelFor(pieces) { piece in body(piece * size..<min(count, (piece + 1) * size)) }
}
