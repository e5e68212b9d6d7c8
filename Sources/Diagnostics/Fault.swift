/// What went wrong, where, and what the user can do about it.
///
/// Every target throws this one type. A target declares its own codes in an extension of
/// ``Fault/Code``, so that a test compares a code and never a sentence.
package struct Fault: Error, Sendable, Equatable {
  package let code: Code
  /// One sentence fragment without a full stop, in the user's terms: `header is 12 bytes long, the
  /// file only 10`.
  package let reason: String
  package let place: Place
  /// What to do, when there is something: `download the file again`.
  package let remedy: String?

  package init(
    _ code: Code, _ reason: String, at place: Place = Place(), remedy: String? = nil
  ) {
    self.code = code
    self.reason = reason
    self.place = place
    self.remedy = remedy
  }

  /// The same fault with whatever this place knows and the fault's own did not.
  package func located(in outer: Place) -> Fault {
    Fault(code, reason, at: place.filled(from: outer), remedy: remedy)
  }
}

extension Fault {
  /// The kind of a fault: comparable, and tied to the status that the process ends with.
  package struct Code: Sendable, Hashable, CustomStringConvertible {
    /// Lower-case words joined by hyphens, stable across releases: `duplicate-tensor`.
    package let name: String
    package let exitStatus: ExitStatus

    package init(_ name: String, exit exitStatus: ExitStatus) {
      self.name = name
      self.exitStatus = exitStatus
    }

    package var description: String { name }
  }

  /// Where in the user's files a fault sits; whatever is known is said.
  package struct Place: Sendable, Hashable {
    package var file: String?
    package var tensor: String?
    package var byteOffset: UInt64?
    /// A JSON pointer (RFC 6901) into a document: `/files/0/size`.
    package var pointer: String?

    package init(
      file: String? = nil, tensor: String? = nil, byteOffset: UInt64? = nil, pointer: String? = nil
    ) {
      self.file = file
      self.tensor = tensor
      self.byteOffset = byteOffset
      self.pointer = pointer
    }

    func filled(from outer: Place) -> Place {
      Place(
        file: file ?? outer.file, tensor: tensor ?? outer.tensor,
        byteOffset: byteOffset ?? outer.byteOffset, pointer: pointer ?? outer.pointer)
    }
  }
}

extension Fault: CustomStringConvertible {
  private static let longestSentence = 4000

  package var description: String {
    var parts: [String] = []
    if let file = place.file { parts.append(printable(file)) }
    if let tensor = place.tensor { parts.append("tensor \(printable(tensor))") }
    if let offset = place.byteOffset { parts.append("byte \(offset)") }
    if let pointer = place.pointer {
      parts.append("at \(printable(pointer.isEmpty ? "/" : pointer))")
    }
    // Reasons may quote a file, too: what a terminal would obey never leaves here.
    parts.append(printable(reason, limit: Fault.longestSentence))
    let message = parts.joined(separator: ": ")
    guard let remedy else { return message }
    return "\(message)\n  \(printable(remedy, limit: Fault.longestSentence))"
  }
}

/// A name out of an untrusted file, safe to show on a terminal: control characters are spelled out
/// and very long names are cut.
package func printable(_ text: String, limit: Int = 200) -> String {
  // Most names are plain, and need not be taken apart.
  if text.utf8.count <= limit, text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) { return text }
  var shown = ""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == limit { return shown + "…" }
    count += 1
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator:
      shown += "\\u{\(String(scalar.value, radix: 16))}"
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return shown
}

/// Runs `body` and adds `place` to whatever fault comes out of it.
package func located<Result>(
  in place: Fault.Place, _ body: () throws -> Result
) throws -> Result {
  do {
    return try body()
  } catch let fault as Fault {
    throw fault.located(in: place)
  }
}
