import Glibc
import Synchronization

/// The temporary files that exist right now, so that an interrupted process can take them along.
package enum PartialFiles {
  private static let paths = Mutex<Set<String>>([])

  static func add(_ path: String) { paths.withLock { _ = $0.insert(path) } }
  static func remove(_ path: String) { paths.withLock { _ = $0.remove(path) } }
  static func contains(_ path: String) -> Bool { paths.withLock { $0.contains(path) } }

  /// Removes them all; for the moment before the process ends on a signal.
  package static func removeAll() {
    paths.withLock { paths in
      for path in paths { unlink(path) }
      paths.removeAll()
    }
  }
}
