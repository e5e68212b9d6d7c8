import Diagnostics
import Volumes

/// A verification as one page that needs nothing else: no network, no script to be read, light or
/// dark as the reader has it, and all that its pictures show in words and tables, too.
package struct HTMLReport: Sendable {
  let reports: [VerificationReport]
  let context: ReportContext

  package init(_ reports: [VerificationReport], context: ReportContext) {
    self.reports = reports
    self.context = context
  }

  package var text: String {
    let page: HTMLText = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>Verification: \(headline)</title>
      <style>\(HTMLText(markup: HTMLReport.style))</style>
      </head>
      <body>
      <a class="skip" href="#report">Skip to the report</a>
      <header>
      <p class="kicker">Verification by inflate-ckpt</p>
      <h1 class="verdict \(verdict.rawValue)"><span aria-hidden="true">\(symbol(verdict))</span> \
      \(headline)</h1>
      <p>\(summary)</p>
      \(contents)
      </header>
      <main id="report">
      \(reports.enumerated().map(section))
      \(environment)
      </main>
      </body>
      </html>

      """
    return page.markup
  }

  private var verdict: VerificationReport.Verdict { VerificationReport.verdict(of: reports) }

  private var headline: String {
    let sound = reports.filter(\.passes).count
    switch (verdict, reports.count) {
    case (.pass, 1): return "Sound"
    case (.pass, let count): return "All \(count) checkpoints are sound"
    case (.fallShort, 1): return "Falls short"
    case (.fault, 1): return "Not everything could be checked"
    case (.fallShort, let count), (.fault, let count):
      return "\(sound) of \(count) checkpoints are sound"
    }
  }

  /// What a reader wants to know next: which checks fell short.
  private var summary: String {
    let checks = reports.flatMap(\.checks)
    let asked = checks.filter { $0.verdict != .notApplicable }
    let short = checks.filter { $0.verdict == .fallShort }
    let faults = reports.flatMap(\.faults).count
    var text = "\(asked.count) checks were made"
    text +=
      short.isEmpty
      ? ", none fell short."
      : ", \(short.count) fell short: \(short.map(\.id).joined(separator: ", "))."
    if faults > 0 { text += " \(faults) could not be made because of a fault." }
    return text
  }

  private var contents: HTMLText {
    guard reports.count > 1 else { return "" }
    let rows = reports.enumerated().map { index, report -> HTMLText in
      """
      <tr><th scope="row"><a href="#checkpoint-\(index)">\(report.checkpoint)</a></th>\
      <td>\(badge(report.verdict.rawValue))</td></tr>
      """
    }
    return """
      <table><caption>Checkpoints</caption>
      <thead><tr><th scope="col">checkpoint</th><th scope="col">verdict</th></tr></thead>
      <tbody>\(rows)</tbody></table>
      """
  }

  private func section(_ index: Int, _ report: VerificationReport) -> HTMLText {
    """
    <section id="checkpoint-\(index)" aria-labelledby="title-\(index)">
    <h2 id="title-\(index)">\(report.checkpoint) \(badge(report.verdict.rawValue))</h2>
    <p>\(report.familyID.map { "Family \($0)." } ?? "No family was recognised.")</p>
    \(report.faults.map(fault))
    \(checkTable(report))
    \(FidelityChart(report.layers, bound: report.fidelityBound, id: index).markup)
    \(report.segmentations.map { segmentation($0) })
    \(report.galleries.map { gallery($0) })
    </section>

    """
  }

  private func fault(_ fault: Fault) -> HTMLText {
    "<p class=\"fault\" role=\"note\"><strong>Fault:</strong> \("\(fault)")</p>"
  }

  private func checkTable(_ report: VerificationReport) -> HTMLText {
    guard !report.checks.isEmpty else { return "" }
    let rows = report.checks.map { check -> HTMLText in
      let tensor: HTMLText =
        check.verdict == .fallShort
        ? check.tensor.map { "<code>\($0)</code>: " } ?? "" : ""
      return """
        <tr><th scope="row"><code>\(check.id)</code><span class="meaning">\(check.meaning)</span></th>
        <td>\(badge(check.verdict.rawValue))</td>
        <td class="number">\(check.figure.map(Figure.text) ?? "–")</td>
        <td class="number">\(bound(check.bound))</td>
        <td>\(tensor)\(check.detail)</td></tr>
        """
    }
    return """
      <div class="scroll" tabindex="0" role="region" aria-label="Checks of \(report.checkpoint)">
      <table><caption>Checks</caption>
      <thead><tr><th scope="col">check and what it asks</th><th scope="col">verdict</th>\
      <th scope="col" class="number">measured</th><th scope="col" class="number">bound</th>\
      <th scope="col">detail</th></tr></thead>
      <tbody>\(rows)</tbody></table></div>
      """
  }

  func badge(_ verdict: String) -> HTMLText {
    "<span class=\"badge \(verdict)\">\(verdict.replacing("-", with: " "))</span>"
  }

  private func symbol(_ verdict: VerificationReport.Verdict) -> String {
    switch verdict {
    case .pass: "✓"
    case .fallShort: "✗"
    case .fault: "!"
    }
  }

  private func bound(_ bound: Check.Bound?) -> String {
    switch bound {
    case .atMost(let limit): "≤ \(Figure.text(limit))"
    case .atLeast(let limit): "≥ \(Figure.text(limit))"
    case nil: "–"
    }
  }
}

extension VerificationReport {
  /// What the layers were held against.
  fileprivate var fidelityBound: Double? {
    guard case .atMost(let limit) = checks.first(where: { $0.id == "depth-constant" })?.bound else {
      return nil
    }
    return limit
  }
}
