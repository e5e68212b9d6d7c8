import Foundation

/// A file system in memory, for what cannot be seen on a large and writable disk. Only root may
/// mount one.
final class SmallDisk {
  let folder: Sandbox

  static let isAvailable = (try? SmallDisk(options: "size=64k")) != nil

  struct Unavailable: Error {}

  init(options: String) throws {
    folder = try Sandbox()
    let arguments = ["-t", "tmpfs", "-o", options, "tmpfs", folder.path]
    guard geteuid() == 0, try SmallDisk.run("mount", arguments) == 0 else { throw Unavailable() }
  }

  deinit { _ = try? SmallDisk.run("umount", ["-l", folder.path]) }

  private static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
