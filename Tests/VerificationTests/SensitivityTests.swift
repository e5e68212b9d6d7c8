import Foundation
import Inflation
import Tensors
import Testing

@testable import Verification

/// The table in `Documentation/sensitivity.md`, row by row.
@Suite("Sensitivity")
struct SensitivityTests {
  @Test("every way to spoil a conversion is caught by the check that the table names")
  func spoilt() throws {
    let source = try Sample.source()
    for spoiling in Spoiling.all {
      var converted = try Sample.converted(
        source, Sample.options(spoiling.strategy, grid: spoiling.grid))
      try spoiling.damage(&converted)
      let report = try Sample.verify(converted, against: source)
      #expect(
        report.shortfalls.contains(spoiling.check),
        "\(spoiling.name): \(report.shortfalls) \(report.faults)")
    }
    #expect(Spoiling.all.count >= 25)
    #expect(Set(Spoiling.all.map(\.name)).count == Spoiling.all.count)
  }

  /// Conversions that are right, each with its name.
  private static func sound() throws -> [(name: String, EditedSource, EditedSource)] {
    var all: [(String, EditedSource, EditedSource)] = []
    let source = try Sample.source()
    for strategy in DepthStrategy.examples {
      for grid in [4, 6] {
        all.append(
          (
            "\(strategy.name), grid \(grid)", source,
            try Sample.converted(source, Sample.options(strategy, grid: grid))
          ))
      }
    }
    for dtype in [DType.f16, .bf16] {
      for strategy in DepthStrategy.published {
        let options = try Sample.options(strategy) { $0.storedDType = .all(dtype) }
        all.append(
          ("\(strategy.name), \(dtype)", source, try Sample.converted(source, options)))
      }
    }
    for channels in [1, 2] {
      let options = try Sample.options(.average) { $0.inputChannels = channels }
      all.append(
        ("average, \(channels) channels", source, try Sample.converted(source, options)))
    }
    let shared = try Sample.source("beit_shared")
    all.append(
      ("one table for all blocks", shared, try Sample.converted(shared, Sample.options(.average))))
    let classes = try Sample.options(.center) { $0.outputChannels = 9 }
    all.append(("other classes", source, try Sample.converted(source, classes)))
    let encoder = try Sample.options(.average) { $0.includesDecoder = false }
    all.append(("without decoder", source, try Sample.converted(source, encoder)))
    return all
  }

  @Test("no sound conversion is accused")
  func unspoilt() throws {
    let sound = try Self.sound()
    #expect(sound.count >= 20)
    for (name, source, converted) in sound {
      let report = try Sample.verify(converted, against: source)
      #expect(report.passes, "\(name): \(report.shortfalls) \(report.faults)")
    }
  }

  /// After a wanted change: `UPDATE_SENSITIVITY=1 swift test --filter SensitivityTests`.
  @Test("the table in the documentation is this one")
  func documented() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Documentation/sensitivity.md")
    let spoilt = Spoiling.all.map { "| \($0.name) | `\($0.check)` |\n" }.joined()
    let sound = try Self.sound().map { "- \($0.name)\n" }.joined()
    let text = """
      # What verification notices

      Each row is a way to spoil the conversion of a small BEiT, and the check that has to notice; \
      others may notice, too. `Tests/VerificationTests/SensitivityTests.swift` spoils and checks \
      them one by one, and keeps this table.

      | spoilt | caught by |
      |---|---|
      \(spoilt)
      These are right, and no check accuses them:

      \(sound)
      """
    if ProcessInfo.processInfo.environment["UPDATE_SENSITIVITY"] != nil {
      try text.write(to: path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: path, encoding: .utf8) == text)
  }
}
