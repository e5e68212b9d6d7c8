import Foundation

/// The temporary files that exist right now, so that an interrupted process can take them along.
package enum PartialFiles {
  nonisolated(unsafe) private static var paths: Set<String> = []
  private static let lock = NSLock()

  static func add(_ path: String) { lock.withLock { _ = paths.insert(path) } }
  static func remove(_ path: String) { lock.withLock { _ = paths.remove(path) } }
  static func contains(_ path: String) -> Bool { lock.withLock { paths.contains(path) } }

  /// Removes them all; for the moment before the process ends on a signal.
  package static func removeAll() {
    lock.withLock {
      for path in paths { unlink(path) }
      paths.removeAll()
    }
  }
}
