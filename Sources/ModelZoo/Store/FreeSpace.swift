import Files
import FoundationEssentials
import Glibc

enum FreeSpace {
  /// The room that an ordinary user has on the disk of a folder which may not exist yet; nil when
  /// the system does not say, as some network file systems do not.
  static func bytes(at folder: String) -> Int? {
    var folder = folder
    while !folder.isEmpty, !FileManager.default.fileExists(atPath: folder) {
      folder = folder.deletingLastPathComponent
    }
    var status = statvfs()
    guard statvfs(folder.isEmpty ? "." : folder, &status) == 0, status.f_blocks > 0 else {
      return nil
    }
    let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
      by: Int(clamping: status.f_frsize))
    return overflow ? Int.max : bytes
  }
}
