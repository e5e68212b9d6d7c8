import BuiltInSchemas
import Diagnostics
import Documents
import Foundation
import Inflation
import SchemaSupport
import Testing
import Volumes

@testable import Verification

@Suite("Verification reports")
struct ReportTests {
  private func schema() throws -> Schema {
    try Schema(parsing: #require(BuiltInSchemas.text(of: "verification-report")))
  }

  /// All there are.
  static let questions: [Question] = [
    .structure, .finite, .derived, .patchEmbedding, .relativePositionBias, .positionEmbedding,
    .carriedOver,
    .depthConstant, .fixture, .segmentation, .statistics, .centreSlice, .symmetry, .classDice,
    .intersectionOverUnion, .hausdorff95, .surfaceDistance, .volumeDifference,
  ]

  /// Every verdict, bound and kind of figure.
  private static let checks: [Check] =
    questions.map {
      .notApplicable($0, because: "no reason")
    } + [
      .fallsShort(.structure, detail: "d", tensor: "t"),
      .measured(.finite, 0, bound: .atMost(0), detail: "d"),
      .measured(.finite, .nan, bound: .atMost(0), detail: "d", tensor: "t"),
      .measured(.depthConstant, .infinity, bound: .atMost(1e-4), detail: "d"),
      .measured(.segmentation, 0.5, bound: .atLeast(0.9), detail: "d"),
      .measured(.segmentation, 0.5, bound: nil, detail: "d"),
    ]

  @Test("are documents of their schema, whatever was found")
  func written() throws {
    // Class 1 in both volumes, 2 in one of them, 3 in neither.
    let scores = try measured([0, 1, 1, 2], [0, 1, 0, 0], classCount: 4)
    let empty = try measured([0, 0, 0, 0], [0, 0, 0, 0], classCount: 1)
    let fault = Fault(
      .unreadable, "r", at: .init(file: "f", tensor: "t", byteOffset: .max), remedy: "m")
    let layers = [
      LayerFidelity(layer: "patchEmbedding", distance: 0),
      LayerFidelity(layer: "logits", distance: .infinity),
    ]
    let reports = [
      VerificationReport(
        checkpoint: "a", familyID: "f", checks: Self.checks, layers: layers,
        segmentations: [scores, scores]),
      VerificationReport(checkpoint: "b", checks: [Self.checks[0]], segmentations: [empty]),
      VerificationReport(checkpoint: "c", faults: [fault, Fault(.unreadable, "r")]),
    ]
    let document = VerificationReport.document(of: reports)
    let read = try JSONValue(parsing: document.text())
    let found = try schema().violations(of: read)
    #expect(found.isEmpty, "\(found)")
    #expect(document["verdict"] == "fall-short")
  }

  private func measured(
    _ prediction: [Int32], _ reference: [Int32], classCount: Int
  ) throws -> SegmentationScores {
    let geometry = try VolumeSegmenterTests.geometry(2, 2, 1)
    return SegmentationScores(
      volume: "scan", slices: 1,
      metrics: try SegmentationMetrics(
        prediction: LabelVolume(geometry: geometry, labels: prediction),
        reference: LabelVolume(geometry: geometry, labels: reference), classCount: classCount))
  }

  @Test("of real runs are documents of their schema")
  func realRuns() throws {
    let source = try Sample.source()
    var damaged = try Sample.conversion(.average)
    let sound = try Sample.verify(damaged, against: source)
    damaged.remove("encoder.cls_token")
    let document = VerificationReport.document(
      of: [sound, try Sample.verify(damaged, against: source)])
    #expect(try schema().violations(of: JSONValue(parsing: document.text())).isEmpty)
  }

  @Test("with anything unknown, missing or misplaced are refused by the schema")
  func mutations() throws {
    let schema = try schema()
    let good = VerificationReport.document(
      of: [
        VerificationReport(checkpoint: "a", familyID: "f", checks: Self.checks)
      ]
    ).text()
    #expect(try schema.violations(of: JSONValue(parsing: good)).isEmpty)
    let changes = [
      (#""formatVersion": 2"#, #""formatVersion": 1"#), (#""verdict""#, #""Verdict""#),
      (#""id": "structure""#, #""id": "shape""#), (#""detail": "d""#, #""detail": 1"#),
      (#""figure": 0.5"#, #""figure": "0.5""#), (#""atMost": 0.0"#, #""most": 0.0"#),
      (#""fall-short""#, #""fail""#), (#""checkpoint": "a""#, #""checkpoint": null"#),
    ]
    for (old, new) in changes {
      let changed = good.replacing(old, with: new, maxReplacements: 1)
      #expect(changed != good, "\(old)")
      #expect(try !schema.violations(of: JSONValue(parsing: changed)).isEmpty, "\(new)")
    }
  }

  @Test("fall short when one check does, and NaN meets no bound")
  func verdict() {
    let check = Check.measured(.finite, .nan, bound: .atMost(.infinity), detail: "")
    #expect(check.verdict == .fallShort)
    let least = Check.measured(.segmentation, .nan, bound: .atLeast(-.infinity), detail: "")
    #expect(least.verdict == .fallShort)
    let reports = [check, Self.checks[0]].map {
      VerificationReport(checkpoint: "", familyID: nil, checks: [$0])
    }
    #expect(reports.map(\.passes) == [false, true])
  }
}
