import Documents
import Volumes

/// What a page says beside the checks: where and with what they were made.
package struct ReportContext: Sendable {
  /// Names and values: the tool's version, the machine, the command line.
  package var environment: [(name: String, value: String)] = []
  /// Files and their SHA-256.
  package var digests: [(name: String, value: String)] = []
  /// Names of the classes 1, 2, …
  package var classNames: [String] = []
  /// The conversion's own report (`convert --report`), for the ledger of every tensor.
  package var conversion: JSONValue?

  package init() {}

  func className(_ index: Int) -> String { ReportContext.className(index, in: classNames) }

  /// - Parameter names: those of the classes 1, 2, …
  package static func className(_ index: Int, in names: [String]) -> String {
    if index == 0 { return "background" }
    return names.indices.contains(index - 1) ? names[index - 1] : "class \(index)"
  }
}
