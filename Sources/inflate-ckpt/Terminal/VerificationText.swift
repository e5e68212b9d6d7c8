import Diagnostics
import Verification
import Volumes

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
        check.id, check.verdict.rawValue, check.figure.map(Figure.text) ?? "–",
        bound(check.bound), (tensor ?? "") + printable(check.detail),
      ])
    }
    let title =
      "\(printable(report.checkpoint)) (\(report.familyID ?? "not recognised")): "
      + "\(words(report.verdict))\n"
    return report.checks.isEmpty ? title : title + table.text
  }

  private static func words(_ verdict: VerificationReport.Verdict) -> String {
    switch verdict {
    case .pass: "sound"
    case .fallShort: "FALLS SHORT"
    case .fault: "FAULT"
    }
  }

  /// One line for each of several checkpoints, and how many of them are sound.
  static func summary(_ reports: [VerificationReport]) -> String {
    var table = TextTable([("checkpoint", .left), ("verdict", .left), ("because of", .left)])
    for report in reports {
      let shortfalls = report.checks.filter { $0.verdict == .fallShort }.map(\.id)
      table.add([
        printable(report.checkpoint), words(report.verdict),
        (shortfalls + report.faults.map(\.code.name)).joined(separator: ", "),
      ])
    }
    let sound = reports.filter(\.passes).count
    return "\n" + table.text + "\(sound) of \(reports.count) sound\n"
  }

  /// Dice of all checkpoints below each other, when any was tried on a scan.
  static func scores(_ reports: [VerificationReport], classNames: [String]) -> String? {
    let all = reports.flatMap(\.segmentations)
    let classCount = all.map(\.classes.count).max() ?? 0
    guard classCount > 1 else { return nil }
    let titles = (1..<classCount).map { index in
      (
        title: ReportContext.className(index, in: classNames),
        alignment: TextTable.Alignment.right
      )
    }
    let hasSeveralScans = reports.contains { $0.segmentations.count > 1 }
    var table = TextTable(
      [("Dice", .left)] + (hasSeveralScans ? [("scan", .left)] : []) + titles + [("mean", .right)])
    for report in reports {
      for scores in report.segmentations {
        let cells = (1..<classCount).map { index in
          cell(index < scores.classes.count ? scores.classes[index].dice : nil)
        }
        table.add(
          [printable(report.checkpoint)] + (hasSeveralScans ? [printable(scores.volume)] : [])
            + cells + [cell(scores.meanForegroundDice)])
      }
    }
    return table.text + averages(reports)
  }

  /// The paper's averages, where there are several scans to average over.
  private static func averages(_ reports: [VerificationReport]) -> String {
    var table = TextTable([
      ("average over scans", .left), ("all voxels together", .right), ("scan by scan", .right),
    ])
    var isEmpty = true
    for report in reports where report.segmentations.count > 1 {
      guard let pooled = report.averages(.pooled), let single = report.averages(.perImage) else {
        continue
      }
      isEmpty = false
      let rows: [(String, KeyPath<PaperAverages, Double?>)] = [
        ("Dice", \.meanDice), ("Dice without background", \.meanDiceWithoutBackground),
        ("Dice of eight organs", \.meanDiceOfEightOrgans),
        ("intersection over union", \.meanIntersectionOverUnion),
        ("class accuracy", \.meanClassAccuracy), ("accuracy", \.accuracy),
      ]
      for (name, path) in rows where pooled[keyPath: path] != nil {
        table.add([
          "\(printable(report.checkpoint)): \(name)", cell(pooled[keyPath: path]),
          cell(single[keyPath: path]),
        ])
      }
    }
    return isEmpty ? "" : "\n" + table.text
  }

  private static func cell(_ value: Double?) -> String {
    value.map(Figure.text) ?? "–"
  }

  private static func bound(_ bound: Check.Bound?) -> String {
    switch bound {
    case .atMost(let limit): "≤ \(Figure.text(limit))"
    case .atLeast(let limit): "≥ \(Figure.text(limit))"
    case nil: ""
    }
  }
}
