import Foundation
import Testing

@Suite("Help")
struct HelpTests {
  private static let commands = [
    "", "inspect", "convert", "verify", "verify record", "segment", "diff", "repack", "zoo",
    "zoo list", "zoo fetch",
  ]

  /// After a wanted change: `UPDATE_HELP_TEXTS=1 swift test --filter HelpTests`.
  @Test("of every command is the stored text", arguments: commands)
  func text(command: String) throws {
    let sandbox = try Sandbox()
    let words = command.split(separator: " ").map(String.init)
    let outcome = try Tool.run(words + ["--help"], in: sandbox.path)
    #expect(outcome.status == 0)
    #expect(outcome.error.isEmpty)
    let name = words.isEmpty ? "inflate-ckpt" : words.joined(separator: "-")
    let path = Sample.fixture("help/\(name).txt")
    if ProcessInfo.processInfo.environment["UPDATE_HELP_TEXTS"] != nil {
      try outcome.output.write(toFile: path, atomically: true, encoding: .utf8)
    }
    let stored = String(
      decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
    let difference = Self.difference(stored, outcome.output)
    #expect(difference.isEmpty, "\n\(difference.joined(separator: "\n"))")
  }

  @Test("is what help and no command at all print, too")
  func otherWays() throws {
    let sandbox = try Sandbox()
    let plain = try sandbox.run("--help").output
    #expect(try sandbox.run().output == plain)
    #expect(try sandbox.run("help").output == plain)
    #expect(try sandbox.run("help", "convert").output == sandbox.run("convert", "-h").output)
  }

  @Test("tells the version")
  func version() throws {
    let outcome = try Sandbox().run("--version")
    #expect(outcome.status == 0)
    #expect(outcome.output.firstMatch(of: /^\d+\.\d+\.\d+\n$/) != nil)
  }

  private static func difference(_ stored: String, _ printed: String) -> [String] {
    let lines = [stored, printed].map { $0.components(separatedBy: "\n") }
    return lines[1].difference(from: lines[0]).map { change in
      switch change {
      case .remove(let line, let text, _): "- \(line + 1): \(text)"
      case .insert(let line, let text, _): "+ \(line + 1): \(text)"
      }
    }
  }
}
