import Dispatch
import Files
import Glibc

/// What happens when the user interrupts the process: nothing half-written stays behind.
enum Interruption {
  nonisolated(unsafe) private static var sources: [any DispatchSourceSignal] = []

  static func removePartialFiles() {
    for signalNumber in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(signalNumber) {
      signal(signalNumber, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: signalNumber, queue: .global())
      source.setEventHandler {
        PartialFiles.removeAll()
        // The status that a shell reports for a process which the signal ended.
        _exit(128 + signalNumber)
      }
      source.resume()
      sources.append(source)
    }
  }

  /// Whether the caller asked that the signal be ignored, as `nohup` does.
  private static func isIgnored(_ signalNumber: Int32) -> Bool {
    var current = sigaction()
    guard sigaction(signalNumber, nil, &current) == 0 else { return false }
    return unsafeBitCast(current.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
