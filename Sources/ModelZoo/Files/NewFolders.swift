import Diagnostics
import Files
import FoundationEssentials
import Glibc

/// The folders on the way to a file that were not there before, so that a failed fetch can take
/// them away again.
struct NewFolders {
  private let made: [String]

  /// Makes them.
  ///
  /// - Throws: `cannot-create`.
  init(for path: String) throws {
    var missing: [String] = []
    var folder = path.deletingLastPathComponent
    while !folder.isEmpty, !FileManager.default.fileExists(atPath: folder) {
      missing.append(folder)
      folder = folder.deletingLastPathComponent
    }
    var made: [String] = []
    for folder in missing.reversed() {
      if mkdir(folder, 0o777) == 0 {
        made.append(folder)
      } else if errno != EEXIST {
        let message = systemMessage()
        NewFolders.removeEmpty(made)
        throw Fault(.cannotCreate, "cannot make the folder: \(message)", at: .init(file: folder))
      }
    }
    self.made = made
  }

  /// Removes those that nobody has put anything into.
  func removeEmpty() { NewFolders.removeEmpty(made) }

  private static func removeEmpty(_ folders: [String]) {
    for folder in folders.reversed() { rmdir(folder) }
  }
}
