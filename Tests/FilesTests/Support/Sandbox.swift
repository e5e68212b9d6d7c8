import Diagnostics
import Foundation

/// A folder of a test's own that goes when the test is over.
final class Sandbox {
  let path: String

  init() throws {
    let name = "inflate-ckpt-files-\(UUID().uuidString.lowercased())"
    path = (NSTemporaryDirectory() as NSString).appendingPathComponent(name)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: self(name)))
  }

  func read(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: self(name))))
  }

  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: self(name), withIntermediateDirectories: true)
  }

  func link(_ name: String, to destination: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: self(name), withDestinationPath: destination)
  }

  /// Where a link leads, or nil when there is no link of this name.
  func destination(ofLink name: String) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: self(name))
  }

  func permissions(of name: String) -> mode_t {
    var status = stat()
    return stat(self(name), &status) == 0 ? status.st_mode & 0o7777 : 0
  }

  /// Everything in it, hidden files too.
  var listing: [String] {
    (FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []).sorted()
  }
}

/// The fault that `body` throws, or nil when it throws none.
func fault(_ body: () throws -> Void) -> Fault? {
  do {
    try body()
    return nil
  } catch {
    return error as? Fault
  }
}
