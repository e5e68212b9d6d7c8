import Diagnostics
import Foundation

/// Runs `body` on a file of these bytes, which is gone afterwards.
func withTemporaryFile<Result>(
  _ bytes: [UInt8], name: String = "checkpoint", _ body: (String) throws -> Result
) throws -> Result {
  try withTemporaryFolder { folder in
    let path = folder + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try body(path)
  }
}

/// Runs `body` on an empty folder, which is gone afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("checkpoints-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

/// The fault that `body` ends with, or nil.
func fault(of body: () throws -> Void) throws -> Fault? {
  do {
    try body()
    return nil
  } catch let fault as Fault {
    return fault
  }
}
