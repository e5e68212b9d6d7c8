import Diagnostics
import Documents
import Files

/// Writing of documents that the user asked for.
enum OutputFile {
  static func write(_ document: JSONValue, to path: String, replacing: Bool) throws {
    let file = try AtomicFile(destination: path, replacing: replacing)
    try file.write(document.text())
    try file.commit()
  }
}
