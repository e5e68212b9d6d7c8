import Diagnostics
import Files
import FoundationEssentials

/// The folder that fetched files are kept in.
package struct Store: Sendable {
  package let folder: String
  package let layout: Layout

  package enum Layout: Sendable {
    /// `FOLDER/<id>/<file name>`, for a store of many models.
    case folderPerModel
    /// `FOLDER/<file name>`, for a folder that the user names for one model.
    case flat
  }

  package init(folder: String, layout: Layout = .folderPerModel) {
    self.folder = folder
    self.layout = layout
  }

  /// The store that is used when the user names none: `$INFLATE_CKPT_STORE`, else
  /// `$XDG_CACHE_HOME/inflate-ckpt`, else `~/.cache/inflate-ckpt`.
  ///
  /// - Throws: `usage` when the environment names none of them.
  package static func defaultFolder(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> String {
    if let folder = environment["INFLATE_CKPT_STORE"], !folder.isEmpty { return folder }
    // The XDG specification: a relative path here is to be ignored.
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
      return cache.appendingPathComponent("inflate-ckpt")
    }
    guard let home = environment["HOME"], !home.isEmpty else {
      throw Fault(
        .usage, "there is no folder to keep checkpoints in",
        remedy: "set INFLATE_CKPT_STORE, or HOME")
    }
    return home.appendingPathComponent(".cache/inflate-ckpt")
  }

  package func path(of file: ModelFile, of model: ZooName) -> String {
    let path = folder.appendingPathComponent(
      layout == .folderPerModel ? model.description : "")
    return path.appendingPathComponent(file.name.description)
  }

  /// The path of a fetched file whose digest is right at this moment.
  ///
  /// - Parameter name: one of the entry's files; without it the first that the store has.
  /// - Throws: `not-fetched`, `wrong-size`, `wrong-digest`, `unknown-digest`; `usage` when the
  ///   entry has no file of this name.
  package func resolve(_ entry: ModelEntry, file name: String? = nil) throws -> String {
    let files = entry.files.filter { name == nil || $0.name.description == name }
    guard !files.isEmpty else {
      throw Fault(
        .usage, "\(entry.id) has no file \"\(printable(name ?? ""))\"",
        remedy: "it has \(entry.files.map(\.name.description).joined(separator: ", "))")
    }
    for file in files {
      let path = path(of: file, of: entry.id)
      switch try StoredCopy(at: path, of: Expectation(file)) {
      case .absent: continue
      case .right: return path
      case .wrong(let fault): throw fault
      }
    }
    throw Fault(
      .notFetched, "\(entry.id) is not in the store", at: .init(file: folder),
      remedy: "inflate-ckpt zoo fetch \(entry.id) --mirror FOLDER")
  }
}
