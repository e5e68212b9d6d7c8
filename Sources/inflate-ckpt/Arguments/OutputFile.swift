import Diagnostics
import Documents
import Files
import FoundationEssentials

/// Files that the user asked for.
enum OutputFile {
  static func write(_ document: JSONValue, to path: String, replacing: Bool) throws {
    try write(document.text(), to: path, replacing: replacing)
  }

  static func write(_ text: String, to path: String, replacing: Bool) throws {
    let file = try AtomicFile(destination: path, replacing: replacing)
    try file.write(text)
    try file.commit()
  }

  /// Finds out before any long work whether all files can be written: none exists unless it may be
  /// replaced, their folders accept them, and none is another or one of those that are read.
  ///
  /// - Throws: `cannot-create`.
  static func check(_ outputs: [String], inputs: [String], replacing: Bool) throws {
    var names: Set<String> = []
    for output in outputs {
      let place = Fault.Place(file: output)
      guard !output.isEmpty, !output.hasSuffix("/") else {
        throw Fault(.cannotCreate, "\"\(printable(output))\" is no name of a file")
      }
      _ = try AtomicFile(destination: output, replacing: replacing)
      guard names.insert(resolved(output)).inserted else {
        throw Fault(
          .cannotCreate, "two results would go into this file", at: place,
          remedy: "give each a name of its own")
      }
      guard !inputs.contains(where: { resolved($0) == resolved(output) }) else {
        throw Fault(
          .cannotCreate, "the result would replace what it is made from", at: place,
          remedy: "choose another name")
      }
    }
  }

  private static func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }
}
