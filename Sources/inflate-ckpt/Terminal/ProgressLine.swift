import Diagnostics
import FoundationEssentials

/// A line on a terminal that tells how far a long run is and how long it will take, and disappears
/// when it is done. Into a file or a pipe it writes nothing.
final class ProgressLine {
  private let isShown: Bool
  private var title: String
  private var start: (time: Double, done: Int)?

  init(_ title: String = "") {
    self.title = title
    isShown = StandardError.isTerminal
  }

  func update(_ done: Int, _ total: Int) { update(title, done, total) }

  /// - Parameter title: another one begins anew.
  func update(_ title: String, _ done: Int, _ total: Int) {
    guard isShown, total > 0 else { return }
    let now = ProcessInfo.processInfo.systemUptime
    if title != self.title || done < start?.done ?? 0 { start = nil }
    self.title = title
    guard done < total else {
      start = nil
      return StandardError.write("\r\u{1B}[K")
    }
    // Nothing is known of the speed before something is done; a run that goes on from an earlier
    // one's state did not do what it begins with.
    guard let start else {
      self.start = (now, done)
      return StandardError.write("\r\u{1B}[K\(printable(title)) \(done)/\(total)")
    }
    let remaining = Self.remaining(
      elapsed: now - start.time, done: done - start.done, left: total - done)
    StandardError.write("\r\u{1B}[K\(printable(title)) \(done)/\(total)\(remaining)")
  }

  /// `, 3 min 20 s left`; nothing while nothing is known.
  static func remaining(elapsed: Double, done: Int, left: Int) -> String {
    guard done > 0, elapsed > 0 else { return "" }
    let seconds = Int(min(elapsed / Double(done) * Double(left), 1e9).rounded(.up))
    switch seconds {
    case ..<60: return ", \(seconds) s left"
    case ..<3600: return ", \(seconds / 60) min \(seconds % 60) s left"
    default: return ", \(seconds / 3600) h \(seconds % 3600 / 60) min left"
    }
  }
}
