import Diagnostics
import Documents
import Files
import Glibc

/// Where results go.
enum StandardOutput {
  /// - Throws: `write-failed` when the disk is full or nobody takes the text; a reader that has
  ///   seen enough ends the process with `SIGPIPE`, as it does any other.
  static func write(_ text: String) throws {
    guard writeAll(text, to: STDOUT_FILENO) else {
      throw Fault(.writeFailed, "cannot write to standard output: \(systemMessage())")
    }
  }

  /// A document, safe to show on a terminal: control and format characters, which names out of
  /// untrusted files may hold, are escaped.
  static func write(_ document: JSONValue) throws {
    var text = ""
    for scalar in document.text().unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control where scalar != "\n", .format, .lineSeparator, .paragraphSeparator:
        for unit in UTF16.encode(scalar)! {
          let digits = String(unit, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: text.unicodeScalars.append(scalar)
      }
    }
    try write(text)
  }
}

/// Where complaints and progress go.
enum StandardError {
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Nobody is left to hear that this failed.
  static func write(_ text: String) { _ = writeAll(text, to: STDERR_FILENO) }
}

/// Takes the numbers of standard streams that are closed, lest a file that is opened later gets
/// one of them, and with it text that was meant for a reader.
func occupyClosedStandardStreams() {
  for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
    _ = open("/dev/null", O_RDONLY)
  }
}

private func writeAll(_ text: String, to descriptor: Int32) -> Bool {
  var text = text
  return text.withUTF8 { bytes in
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
