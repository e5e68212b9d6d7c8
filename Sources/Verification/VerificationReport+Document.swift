import Documents

extension VerificationReport {
  package static let formatVersion = 1

  /// One document for all checkpoints of a run, by `Schemas/verification-report.schema.json`.
  package static func document(of reports: [VerificationReport]) -> JSONValue {
    .object([
      "formatVersion": .integer(Int64(formatVersion)),
      "verdict": .string(verdict(reports.allSatisfy(\.passes)).rawValue),
      "reports": .array(reports.map(\.document)),
    ])
  }

  private var document: JSONValue {
    .object([
      "checkpoint": .string(checkpoint),
      "family": familyID.map { .string($0) },
      "verdict": .string(VerificationReport.verdict(passes).rawValue),
      "checks": .array(checks.map(\.document)),
      "segmentation": segmentation?.document,
    ])
  }

  private static func verdict(_ passes: Bool) -> Check.Verdict { passes ? .pass : .fallShort }
}

extension Check {
  fileprivate var document: JSONValue {
    .object([
      "id": .string(id),
      "meaning": .string(meaning),
      "verdict": .string(verdict.rawValue),
      "figure": figure.map { .number($0) },
      "bound": bound.map(\.document),
      "detail": .string(detail),
      "tensor": tensor.map { .string($0) },
    ])
  }
}

extension Check.Bound {
  fileprivate var document: JSONValue {
    switch self {
    case .atMost(let limit): .object(["atMost": .number(limit)])
    case .atLeast(let limit): .object(["atLeast": .number(limit)])
    }
  }
}

extension SegmentationScores {
  fileprivate var document: JSONValue {
    .object([
      "volume": .string(volume),
      "dice": .array(dice.map { $0.map { .number($0) } ?? .null }),
      "meanForegroundDice": meanForegroundDice.map { .number($0) },
    ])
  }
}
