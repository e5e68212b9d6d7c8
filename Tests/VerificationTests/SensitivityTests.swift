import Foundation
import Inflation
import Tensors
import Testing

@testable import Verification

/// The table in `Documentation/sensitivity.md`, row by row.
@Suite("Sensitivity")
struct SensitivityTests {
  @Test(
    "every way to spoil a conversion is caught by the check that the table names",
    arguments: Spoiling.all)
  func spoilt(spoiling: Spoiling) throws {
    let report = try spoiling.report()
    #expect(report.shortfalls.contains(spoiling.check), "\(report.shortfalls) \(report.faults)")
  }

  @Test("every check that needs no scan and no recorded run has a way to make it fall short")
  func controlled() {
    let elsewhere: Set = [Question.fixture.id]
    let asked = Set(ReportTests.questions.map(\.id)).filter { !$0.hasPrefix("segmentation") }
    #expect(Set(Spoiling.all.map(\.check)) == asked.subtracting(elsewhere))
  }

  @Test("no sound conversion is accused", arguments: SoundConversion.all)
  func unspoilt(sound: SoundConversion) throws {
    let source = try Sample.source(sound.folder)
    let report = try Sample.verify(sound.converted(source), against: source)
    #expect(report.passes, "\(report.shortfalls) \(report.faults)")
  }

  /// After a wanted change: `UPDATE_SENSITIVITY=1 swift test --filter SensitivityTests`.
  @Test("the table in the documentation is this one, long enough and without repetition")
  func documented() throws {
    let names = Spoiling.all.map(\.name) + SoundConversion.all.map(\.name)
    #expect(Spoiling.all.count >= 25 && SoundConversion.all.count >= 20)
    #expect(Set(names).count == names.count)
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Documentation/sensitivity.md")
    let text = """
      # What verification notices

      Each row is a way to spoil the conversion of a small BEiT, or of a model of the family that \
      it names, and the check that has to notice; others may notice, too. `Tests/VerificationTests/SensitivityTests.swift` spoils and checks \
      them one by one, and keeps this table.

      | spoilt | caught by |
      |---|---|
      \(Spoiling.all.map { "| \($0.name) | `\($0.check)` |\n" }.joined())
      These are right, and no check accuses them:

      \(SoundConversion.all.map { "- \($0.name)\n" }.joined())
      """
    if ProcessInfo.processInfo.environment["UPDATE_SENSITIVITY"] != nil {
      try text.write(to: path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: path, encoding: .utf8) == text)
  }
}

/// A conversion that is right, and must not be accused.
struct SoundConversion: Sendable, CustomTestStringConvertible {
  let name: String
  var folder = "beit"
  var strategy = DepthStrategy.average
  var grid = 4
  /// Nil for the strategy and nothing else.
  var change: (@Sendable (inout ConversionOptions) -> Void)?

  var testDescription: String { name }

  func converted(_ source: EditedSource) throws -> EditedSource {
    guard let change else { return try Sample.conversion(strategy, grid: grid, of: folder) }
    return try Sample.converted(source, Sample.options(strategy, grid: grid, change))
  }

  static let all: [SoundConversion] =
    DepthStrategy.examples.flatMap { strategy in
      [4, 6].map { grid in
        SoundConversion(name: "\(strategy.name), grid \(grid)", strategy: strategy, grid: grid)
      }
    }
    + [DType.f16, .bf16].flatMap { dtype in
      DepthStrategy.published.map { strategy in
        SoundConversion(name: "\(strategy.name), \(dtype)", strategy: strategy) {
          $0.storedDType = .all(dtype)
        }
      }
    }
    + [1, 2].map { count in
      SoundConversion(name: "average, \(count) channels") { $0.inputChannels = count }
    } + [
      SoundConversion(name: "one table for all blocks", folder: "beit_shared"),
      SoundConversion(name: "other classes", strategy: .center) { $0.outputChannels = 9 },
      SoundConversion(name: "without decoder") { $0.includesDecoder = false },
    ]
}
