import Foundation
import Testing

/// The binary itself, as a user's shell starts it.
enum Tool {
  struct Outcome: Sendable {
    let status: Int32
    let wasSignalled: Bool
    let output: String
    let error: String
  }

  /// It is built beside the tests.
  static let path: String = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent()
      .appendingPathComponent("inflate-ckpt").path
  }()

  static func process(
    _ arguments: [String], executable: String = path, in folder: String
  ) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    var environment = ProcessInfo.processInfo.environment
    environment["COLUMNS"] = "80"
    // No test may touch the user's own store.
    environment["HOME"] = folder
    environment["XDG_CACHE_HOME"] = folder + "/cache"
    environment["XDG_DATA_HOME"] = folder + "/data"
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    return process
  }

  /// Runs it to its end. Streams go through files, which never make it wait.
  static func run(
    _ arguments: [String], executable: String = path, in folder: String
  ) throws -> Outcome {
    let process = process(arguments, executable: executable, in: folder)
    let streams = try (0..<2).map { _ in
      let path = NSTemporaryDirectory() + "stream-\(UUID().uuidString)"
      #expect(FileManager.default.createFile(atPath: path, contents: nil))
      return (path, try #require(FileHandle(forWritingAtPath: path)))
    }
    defer { for (path, _) in streams { try? FileManager.default.removeItem(atPath: path) } }
    (process.standardOutput, process.standardError) = (streams[0].1, streams[1].1)
    try process.run()
    process.waitUntilExit()
    let texts = streams.map { path, _ in
      String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
    return Outcome(
      status: process.terminationStatus,
      wasSignalled: process.terminationReason == .uncaughtSignal, output: texts[0], error: texts[1])
  }

  /// Through a shell, for what only a shell does; `$tool` is the binary.
  static func shell(_ command: String, in folder: String) throws -> Outcome {
    try run(["-c", "tool='\(path)'; \(command)"], executable: "/bin/bash", in: folder)
  }
}

/// A folder that is gone when the test is.
final class Sandbox {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "command-line-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func run(_ arguments: String...) throws -> Tool.Outcome {
    try Tool.run(arguments.map(Sample.resolved), in: path)
  }

  func shell(_ command: String) throws -> Tool.Outcome {
    try Tool.shell(Sample.resolved(command), in: path)
  }

  /// Every file below the folder, with its size.
  var listing: [String] {
    (FileManager.default.subpaths(atPath: path) ?? []).sorted().map { name in
      let size = (try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)"))?[.size]
      return "\(name) \(size ?? 0)"
    }
  }

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
  }

  func contents(of name: String) throws -> Data {
    try #require(FileManager.default.contents(atPath: "\(path)/\(name)"), "no \(name)")
  }
}

/// Inputs by short names, so that command lines in tests read like those of a user.
enum Sample {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures").path

  static func fixture(_ name: String) -> String { "\(fixtures)/\(name)" }

  static var reference: String { "\(fixtures)/../../Zoo/Reference" }

  private static let names: [(String, String)] = [
    ("@swin", fixture("transseg/swin/source.safetensors")),
    ("@dino", fixture("transseg/dino/source_wrapped.pth")),
    ("@source.h5", fixture("transseg/beit/source.h5")),
    ("@source", fixture("transseg/beit/source.safetensors")),
    ("@shared", fixture("transseg/beit_shared/source.safetensors")),
    ("@decoder", fixture("transseg/beit/decoder.safetensors")),
    ("@target", fixture("transseg/beit/target_inflation.safetensors")),
    ("@fixture", fixture("verification/inflation.safetensors")),
    ("@volume", fixture("volumes/float32-little.nii")),
    ("@labels", fixture("volumes/uint8-little.nii")),
    ("@brain2d", reference + "/beit-tiny-brain-2d.safetensors"),
    ("@brain", reference + "/colin27-t1.nii.gz"),
    ("@reference", reference),
  ]

  static func resolved(_ text: String) -> String {
    names.reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
  }
}
