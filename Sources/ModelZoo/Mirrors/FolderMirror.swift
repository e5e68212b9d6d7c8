import Diagnostics
import Documents
import Files
import Glibc

/// A plain folder: a file lies in `FOLDER/<id>/<file name>` or directly in `FOLDER/<file name>`.
///
/// The folder of the id comes first because unrelated models share names like
/// `pytorch_model.bin`. Links may lead anywhere inside the folder and nowhere else.
package struct FolderMirror: Mirror {
  package let folder: String
  package var name: String { folder }

  package init(folder: String) {
    self.folder = folder
  }

  package func open(_ file: ModelFile, of model: ZooName) throws -> (any MirroredFile)? {
    try checkFolder()
    let index = try index()
    for name in names(of: file, of: model) {
      let place = folder.appendingPathComponent(name)
      guard let found = try RegularFile(opening: place, within: folder) else { continue }
      if let claim = index?.files.first(where: { $0.name.description == name }) {
        try check(claim, against: file, at: place)
      }
      return found
    }
    return nil
  }

  package func places(of file: ModelFile, of model: ZooName) -> [String] {
    names(of: file, of: model).map { folder.appendingPathComponent($0) }
  }

  private func names(of file: ModelFile, of model: ZooName) -> [String] {
    ["\(model)/\(file.name)", file.name.description]
  }

  /// The index that the mirror has of itself; nil when it has none.
  private func index() throws -> MirrorIndex? {
    let path = folder.appendingPathComponent(MirrorIndex.fileName)
    guard let file = try RegularFile(opening: path, within: folder) else { return nil }
    let text = try file.contents(limit: JSONValue.Limits().bytes)
    return try located(in: .init(file: path)) { try MirrorIndex(parsing: text) }
  }

  private func check(_ claim: MirrorIndex.File, against file: ModelFile, at place: String) throws {
    guard case .known(let digest, by: _) = file.digest, claim.digest != digest else { return }
    throw Fault(
      .wrongDigest,
      "the mirror's index says \(claim.digest) of this file, the zoo's entry says \(digest)",
      at: .init(file: place), remedy: "the mirror has another version of it: use another mirror")
  }

  private func checkFolder() throws {
    var status = stat()
    guard stat(folder, &status) == 0 else {
      throw unavailable(errno == ENOENT ? "there is no such folder" : systemMessage())
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw unavailable("this is not a folder") }
  }

  private func unavailable(_ reason: String) -> Fault {
    Fault(
      .mirrorUnavailable, "the mirror cannot be used: \(reason)", at: .init(file: folder),
      remedy: "give the folder that holds the files: --mirror FOLDER")
  }
}
