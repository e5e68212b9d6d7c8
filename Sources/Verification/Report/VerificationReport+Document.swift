import Diagnostics
import Documents
import Volumes

extension VerificationReport {
  package static let formatVersion = 2

  /// One document for all checkpoints of a run, by `Schemas/verification-report.schema.json`.
  package static func document(of reports: [VerificationReport]) -> JSONValue {
    .object([
      "formatVersion": .integer(Int64(formatVersion)),
      "verdict": .string(verdict(of: reports).rawValue),
      "reports": .array(reports.map(\.document)),
    ])
  }

  /// One that falls short decides; after that, one that could not be asked everything.
  package static func verdict(of reports: [VerificationReport]) -> Verdict {
    let verdicts = reports.map(\.verdict)
    return [.fallShort, .fault].first(where: verdicts.contains) ?? .pass
  }

  private var document: JSONValue {
    .object([
      "checkpoint": .string(checkpoint),
      "family": familyID.map { .string($0) },
      "verdict": .string(verdict.rawValue),
      "checks": .array(checks.map(\.document)),
      "layers": layers.isEmpty ? nil : .array(layers.map(\.document)),
      "segmentations": segmentations.isEmpty ? nil : .array(segmentations.map(\.document)),
      "averages": averagesDocument,
      "faults": faults.isEmpty ? nil : .array(faults.map(\.document)),
    ])
  }

  private var averagesDocument: JSONValue? {
    guard let pooled = averages(.pooled), let perImage = averages(.perImage) else { return nil }
    return .object(["pooled": pooled.document, "perImage": perImage.document])
  }
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

extension LayerFidelity {
  fileprivate var document: JSONValue {
    .object(["layer": .string(layer), "distance": .number(distance)])
  }
}

extension Fault {
  fileprivate var document: JSONValue {
    .object([
      "code": .string(code.name),
      "reason": .string(reason),
      "file": place.file.map { .string($0) },
      "tensor": place.tensor.map { .string($0) },
      "byteOffset": place.byteOffset.map { .integer(Int64(clamping: $0)) },
      "remedy": remedy.map { .string($0) },
    ])
  }
}

extension SegmentationScores {
  fileprivate var document: JSONValue {
    .object([
      "volume": .string(volume),
      "slices": .integer(Int64(slices)),
      "classes": .array(classes.map(\.document)),
      "foreground": .object([
        "dice": numberOrNull(foregroundMean(\.dice)),
        "intersectionOverUnion": numberOrNull(foregroundMean(\.intersectionOverUnion)),
        "hausdorff95": numberOrNull(foregroundMean(\.hausdorff95)),
        "averageSurfaceDistance": numberOrNull(foregroundMean(\.averageSurfaceDistance)),
      ]),
    ])
  }
}

extension ClassMetrics {
  fileprivate var document: JSONValue {
    .object([
      "dice": numberOrNull(dice),
      "intersectionOverUnion": numberOrNull(intersectionOverUnion),
      "hausdorff95": numberOrNull(hausdorff95),
      "averageSurfaceDistance": numberOrNull(averageSurfaceDistance),
      "averageSymmetricSurfaceDistance": numberOrNull(averageSymmetricSurfaceDistance),
      "volumeDifference": .number(volumeDifference),
      "relativeVolumeDifference": numberOrNull(relativeVolumeDifference),
    ])
  }
}

extension PaperAverages {
  fileprivate var document: JSONValue {
    .object([
      "accuracy": numberOrNull(accuracy),
      "dice": .array(dice.map(numberOrNull)),
      "meanDice": numberOrNull(meanDice),
      "meanDiceWithoutBackground": numberOrNull(meanDiceWithoutBackground),
      "meanDiceOfEightOrgans": meanDiceOfEightOrgans.map { .number($0) },
      "meanIntersectionOverUnion": numberOrNull(meanIntersectionOverUnion),
      "meanClassAccuracy": numberOrNull(meanClassAccuracy),
    ])
  }
}

/// Null where there is no number: neither labels nor prediction have the class, or, of a distance,
/// only one of them has.
private func numberOrNull(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
