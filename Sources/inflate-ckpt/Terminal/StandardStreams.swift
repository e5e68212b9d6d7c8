import Foundation

/// Where complaints and progress go.
enum StandardError {
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  static func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}

/// A line on a terminal that tells how far a long run is, and disappears when it is done.
struct ProgressLine {
  private let title: String
  private let isShown: Bool

  init(_ title: String) {
    self.title = title
    isShown = StandardError.isTerminal
  }

  func update(_ done: Int, _ total: Int) {
    guard isShown, total > 0 else { return }
    StandardError.write("\r\u{1B}[K\(title) \(done)/\(total)")
    if done >= total { StandardError.write("\r\u{1B}[K") }
  }
}
