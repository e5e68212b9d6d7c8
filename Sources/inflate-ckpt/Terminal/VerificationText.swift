import Diagnostics
import Verification

/// Verification reports for a reader at a terminal.
enum VerificationText {
  static func table(_ report: VerificationReport) -> String {
    var table = TextTable([
      ("check", .left), ("verdict", .left), ("measured", .right), ("bound", .right),
      ("detail", .left),
    ])
    for check in report.checks {
      let tensor = check.verdict == .fallShort ? check.tensor.map { "\(printable($0)): " } : nil
      table.add([
        check.id, check.verdict.rawValue, check.figure.map(Quantities.figure) ?? "–",
        bound(check.bound), (tensor ?? "") + printable(check.detail),
      ])
    }
    let verdict = report.passes ? "sound" : "FALLS SHORT"
    return "\(printable(report.checkpoint)) (\(report.familyID ?? "not recognised")): \(verdict)\n"
      + table.text
  }

  /// Dice of all checkpoints below each other, when any was tried on a volume.
  static func scores(_ reports: [VerificationReport], classes: ClassNames) -> String? {
    let classCount = reports.compactMap { $0.segmentation?.dice.count }.max() ?? 0
    guard classCount > 1 else { return nil }
    let titles = (1..<classCount).map {
      (title: classes.name(of: $0), alignment: TextTable.Alignment.right)
    }
    var table = TextTable([("Dice", .left)] + titles + [("mean", .right)])
    for report in reports {
      guard let scores = report.segmentation else { continue }
      let cells = (1..<classCount).map { index in
        cell(index < scores.dice.count ? scores.dice[index] : nil)
      }
      table.add([printable(report.checkpoint)] + cells + [cell(scores.meanForegroundDice)])
    }
    return table.text
  }

  private static func cell(_ dice: Double?) -> String {
    dice.map(Quantities.figure) ?? "–"
  }

  private static func bound(_ bound: Check.Bound?) -> String {
    switch bound {
    case .atMost(let limit): "≤ \(Quantities.figure(limit))"
    case .atLeast(let limit): "≥ \(Quantities.figure(limit))"
    case nil: ""
    }
  }
}
