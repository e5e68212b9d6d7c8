import Dispatch
import Glibc
import Synchronization

/// `transform` of every index below `count`, on as many threads as the machine has cores.
///
/// Whichever thread is free takes the next index; the results come in the indices' order, so that
/// nothing depends on which thread that was.
func concurrentMap<Result: Sendable>(
  _ count: Int, _ transform: @Sendable (Int) -> Result
) -> [Result] {
  let threads = min(count, max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
  guard threads > 1 else { return (0..<count).map(transform) }
  let results = Mutex([Result?](repeating: nil, count: count))
  let next = Atomic<Int>(0)
  DispatchQueue.concurrentPerform(iterations: threads) { _ in
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      if index >= count { return }
      let result = transform(index)
      results.withLock { $0[index] = result }
    }
  }
  return results.withLock { $0.compactMap { $0 } }
}

/// `0..<count` cut into at most `pieces` ranges of nearly equal length, none of them empty.
func evenRanges(_ count: Int, pieces: Int) -> [Range<Int>] {
  let pieces = max(1, min(pieces, count))
  return (0..<pieces).map { count * $0 / pieces..<count * ($0 + 1) / pieces }.filter { !$0.isEmpty }
}
