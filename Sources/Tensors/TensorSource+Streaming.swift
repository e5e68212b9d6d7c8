import Dispatch
import Glibc
import Synchronization

extension TensorSource {
  /// What `body` makes of each tensor's bytes, in the order of `tensors`. Several tensors are lent at
  /// once, to a thread on each processor: bringing one's pages into memory takes about as long as
  /// looking at another's.
  ///
  /// - Parameter memory: how many bytes may be lent at once, at least one tensor apart.
  /// - Throws: what reading the first of the tensors that cannot be read, or `body`, brings up.
  package func mapBytes<Result: Sendable>(
    of tensors: [TensorDescription], memory: Int = 40 << 20,
    _ body: @Sendable (TensorDescription, RawSpan) throws -> Result
  ) throws -> [Result] {
    let largest = max(1, tensors.map(\.byteCount).max() ?? 1)
    let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let lanes = max(1, min(processors, tensors.count, memory / largest))
    guard lanes > 1 else {
      return try tensors.map { tensor in
        try withBytes(of: tensor.key) { try body(tensor, $0) }
      }
    }
    let next = Atomic<Int>(0)
    let outcomes = Mutex<[Swift.Result<Result, any Error>?]>(
      Array(repeating: nil, count: tensors.count))
    DispatchQueue.concurrentPerform(iterations: lanes) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        if index >= tensors.count { return }
        let outcome = Swift.Result {
          try withBytes(of: tensors[index].key) { try body(tensors[index], $0) }
        }
        // Nobody takes up a tensor after one that failed; those before it are under way.
        if case .failure = outcome { next.store(tensors.count, ordering: .relaxed) }
        outcomes.withLock { $0[index] = outcome }
      }
    }
    return try outcomes.withLock { outcomes in
      // The first failure stands before whatever was not begun because of it.
      try outcomes.compactMap { try $0?.get() }
    }
  }
}
