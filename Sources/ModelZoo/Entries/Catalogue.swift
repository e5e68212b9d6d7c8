import BuiltInZoo
import Diagnostics
import Files
import FoundationEssentials

/// Every entry that the tool knows of: its own and those in the user's folders, sorted by id.
package struct Catalogue: Sendable {
  package let entries: [ModelEntry]
  private let indices: [ZooName: Int]

  /// - Parameters:
  ///   - builtIn: the texts that the binary carries.
  ///   - folders: folders of `*.json`, one entry a file; other files are left alone.
  /// - Throws: `invalid-document` for a text that is no entry, `duplicate-model` when two entries
  ///   have one id, `missing-input` or `unreadable` for a folder.
  package init(
    builtIn: [(name: String, text: [UInt8])] = BuiltInZoo.models, folders: [String] = []
  ) throws {
    var found: [(origin: String, entry: ModelEntry)] = []
    for (name, text) in builtIn {
      let origin = "built-in \(name)"
      found.append((origin, try Catalogue.entry(in: text, from: origin)))
    }
    for folder in folders {
      for path in try Catalogue.documents(in: folder) {
        guard let file = try RegularFile(opening: path) else { continue }
        let text = try file.contents(limit: ModelEntry.largestText)
        found.append((path, try Catalogue.entry(in: text, from: path)))
      }
    }
    found.sort { $0.entry.id < $1.entry.id }
    for (first, second) in zip(found, found.dropFirst()) where first.entry.id == second.entry.id {
      throw Fault(
        .duplicateModel, "the id \(first.entry.id) is taken already, by \(first.origin)",
        at: .init(file: second.origin, pointer: "/id"), remedy: "give one of the two another id")
    }
    entries = found.map(\.entry)
    indices = Dictionary(
      entries.enumerated().map { ($0.element.id, $0.offset) },
      uniquingKeysWith: { first, _ in first }
    )
  }

  /// - Throws: `unknown-model` when no entry has this id.
  package func entry(_ id: ZooName) throws -> ModelEntry {
    guard let entry = entry(ifKnown: id) else {
      throw Fault(
        .unknownModel, "the zoo has no model \(id)",
        remedy: "inflate-ckpt zoo list shows the models it has")
    }
    return entry
  }

  /// The entry that a word on the command line may mean; nil when it is no entry's id, and
  /// perhaps a file's path.
  package func entry(named text: String) -> ModelEntry? {
    (try? ZooName(text)).flatMap(entry(ifKnown:))
  }

  private func entry(ifKnown id: ZooName) -> ModelEntry? {
    indices[id].map { entries[$0] }
  }

  private static func entry(in text: [UInt8], from origin: String) throws -> ModelEntry {
    try located(in: .init(file: origin)) { try ModelEntry(parsing: text) }
  }

  private static func documents(in folder: String) throws -> [String] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      let exists = FileManager.default.fileExists(atPath: folder)
      throw Fault(
        exists ? .unreadable : .missingInput,
        exists ? "this folder of entries cannot be read" : "there is no such folder of entries",
        at: .init(file: folder))
    }
    return names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
      .map { folder.appendingPathComponent($0) }
  }
}
