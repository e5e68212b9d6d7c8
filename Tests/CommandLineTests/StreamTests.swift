import Foundation
import Testing

/// Streams that are closed, full or read by nobody; signals; names that a terminal would obey.
@Suite("Streams and signals")
struct StreamTests {
  @Test(
    "a reader who has seen enough ends the process quietly",
    arguments: [
      "convert @source --to transseg-beit --decoder none --plan", "inspect @brain2d --json",
      "zoo list", "convert --help",
    ])
  func closedEarly(line: String) throws {
    let sandbox = try Sandbox()
    let outcome = try sandbox.shell("$tool \(line) | head -1; echo ${PIPESTATUS[0]}")
    let status = outcome.output.split(separator: "\n").last.map(String.init)
    #expect(status == "0" || status == "141", "\(outcome.output)")
    #expect(outcome.error.isEmpty, "\(outcome.error)")
    #expect(sandbox.listing.isEmpty)
  }

  @Test("output that cannot be written is an error", arguments: [">/dev/full", ">&-"])
  func unwritable(redirection: String) throws {
    let outcome = try Sandbox().shell("$tool inspect @source \(redirection)")
    #expect(outcome.status == 74)
    #expect(outcome.error.contains("standard output"))
  }

  @Test("closed streams change no status and get into no file")
  func closedStreams() throws {
    let sandbox = try Sandbox()
    #expect(try sandbox.shell("$tool inspect nowhere 2>&-").status == 66)
    #expect(try sandbox.shell("$tool inspect nowhere >&- 2>&- <&-").status == 66)
    let line = "$tool convert @source --to transseg-beit --decoder none -o"
    #expect(try sandbox.shell("\(line) a.safetensors").status == 0)
    #expect(try sandbox.shell("\(line) b.safetensors <&- 2>&-").status == 0)
    // What it says has nowhere to go, which is an error; what it wrote is whole.
    #expect(try sandbox.shell("\(line) c.safetensors <&- >&- 2>&-").status == 74)
    let whole = try sandbox.contents(of: "a.safetensors")
    #expect(try sandbox.contents(of: "b.safetensors") == whole)
    #expect(try sandbox.contents(of: "c.safetensors") == whole)
  }

  private static let hostile = "a\u{1B}[31mred\u{9B}5m\u{202E}\u{7}\u{7F}"

  @Test(
    "control characters out of a file never reach the terminal",
    arguments: [
      "inspect odd.safetensors", "inspect odd.safetensors --json",
      "inspect odd.safetensors --stats",
      "convert odd.safetensors --to transseg-beit --decoder none --plan",
      "convert odd.safetensors --to transseg-beit --decoder none --plan --allow-loss unknown-tensor",
      "convert odd.safetensors --to transseg-beit --decoder none --plan --json "
        + "--allow-loss unknown-tensor",
      "verify odd.safetensors", "verify odd.safetensors --json", "diff odd.safetensors @source",
      "diff odd.safetensors @source --json",
    ])
  func controlCharacters(line: String) throws {
    let sandbox = try Sandbox()
    let record = """
      {"formatVersion": 1, "target": "beit", "parameters": {"x\\u001b[5m": 1}, "decoderLayers": [],
       "options": {"x\\u001b[5m": "\\u001b[5m"}, "sourceSHA256": "\\u001b"}
      """
    for metadata in [["\(Self.hostile)": Self.hostile], ["inflate-ckpt": record]] {
      try sandbox.writeSource(adding: [Self.hostile: [1]], metadata: metadata)
      let outcome = try sandbox.shell("$tool \(line)")
      #expect(!outcome.wasSignalled)
      for text in [outcome.output, outcome.error] {
        let raw = text.unicodeScalars.filter {
          [.control, .format].contains($0.properties.generalCategory) && $0 != "\n"
        }
        #expect(raw.isEmpty, "\(text.debugDescription)")
      }
      #expect((outcome.output + outcome.error).contains("red"))
    }
  }

  /// Starts the tool, waits until `isUnderWay`, signals it, and says how it ended.
  private func interrupted(
    _ line: String, by signal: String, in sandbox: Sandbox, once isUnderWay: () -> Bool
  ) throws -> Int32 {
    let words = line.split(separator: " ").map { Sample.resolved(String($0)) }
    // Whoever started the tests may have had the signal ignored; the tool would heed that.
    let process = Tool.process(
      ["--default-signal=\(signal)", Tool.path] + words, executable: "/usr/bin/env",
      in: sandbox.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let deadline = Date(timeIntervalSinceNow: 60)
    while !isUnderWay(), process.isRunning, Date() < deadline { usleep(2000) }
    #expect(process.isRunning, "it was over too soon")
    kill(process.processIdentifier, signal == "INT" ? SIGINT : SIGTERM)
    process.waitUntilExit()
    return process.terminationStatus
  }

  @Test(
    "an interrupted conversion leaves nothing behind", arguments: [("INT", 130), ("TERM", 143)])
  func interruptedConversion(signal: String, status: Int32) throws {
    let sandbox = try Sandbox()
    // Index buffers of 134 MB each keep it busy for long enough.
    let found = try interrupted(
      "convert @source --to transseg-beit --decoder none --image-size 1024,1024,5 -o a.safetensors",
      by: signal, in: sandbox, once: { sandbox.listing.contains { !$0.hasSuffix(" 0") } })
    #expect(found == status)
    #expect(sandbox.listing.isEmpty)
  }

  @Test("an interrupted segmentation leaves nothing behind")
  func interruptedSegmentation() throws {
    let sandbox = try Sandbox()
    let start = Date()
    let found = try interrupted(
      "segment @brain2d --volume @brain --intensity-window 32,119 -o a.nii.gz", by: "INT",
      in: sandbox, once: { Date().timeIntervalSince(start) > 1.5 })
    #expect(found == 130)
    #expect(sandbox.listing.isEmpty)
  }

  @Test("a signal that the caller has ignored stays ignored")
  func ignoredSignal() throws {
    let sandbox = try Sandbox()
    let outcome = try sandbox.shell(
      """
      trap '' HUP
      $tool convert @source --to transseg-beit --decoder none --image-size 512,512,5 \
      -o a.safetensors & process=$!
      for i in 1 2 3 4 5 6 7 8 9 10; do kill -HUP $process 2>/dev/null; sleep 0.02; done
      wait $process
      """)
    #expect(outcome.status == 0)
    #expect(sandbox.listing.count == 1)
  }
}
