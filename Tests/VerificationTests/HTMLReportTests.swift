import Diagnostics
import Documents
import Foundation
import Inflation
import Testing
import Volumes

@testable import Verification

@Suite("Reports as one page")
struct HTMLReportTests {
  /// A sound conversion, tried on a scan with labels of another threshold.
  private static let tried = Result<VerificationReport, any Error> {
    let source = try Sample.source()
    let converted = try Sample.conversion(.center)
    let scan = try VolumeSegmenterTests.scan(9, 8, 7)
    let labels = try LabelVolume(
      geometry: scan.geometry, labels: scan.values.map { $0 > 0.5 ? 1 : 0 })
    return try Sample.verify(
      converted, against: source,
      references: [
        ReferenceVolume(
          name: "<scan> & \"labels\"", channels: [scan], labels: labels,
          preparation: VolumePreparation())
      ], drawsSlices: true)
  }

  private func report() throws -> VerificationReport { try Self.tried.get() }

  private func page(_ reports: [VerificationReport]) -> String {
    var context = ReportContext()
    context.environment = [("system", "a <test>")]
    context.digests = [("a.safetensors", "0123")]
    context.classNames = ["grey matter"]
    context.conversion = try? JSONValue(
      parsing: """
        {"verdict": "nothing is lost", "tensors": [{"name": "encoder.cls_token", "action": "copy",
         "inputs": ["cls_token"], "exactness": "exact"}],
         "dropped": [{"name": "head.bias", "rule": "head", "consequence": "no classes"}]}
        """)
    return HTMLReport(reports, context: context).text
  }

  /// What is opened is closed, in order; and which elements there are.
  private func elements(of page: String) -> (names: [String], problem: String?) {
    let empty: Set = ["meta", "img", "line", "rect", "br"]
    var (open, names) = ([String](), [String]())
    for match in page.matches(of: /<(\/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*?)(\/?)>/) {
      let name = String(match.2)
      if match.1 == "/" {
        guard open.popLast() == name else { return (names, "</\(name)> closes another element") }
      } else {
        names.append(name)
        if match.4 != "/", !empty.contains(name) { open.append(name) }
      }
    }
    return (names, open.isEmpty ? nil : "\(open) are left open")
  }

  @Test("is well formed, needs no network and no script")
  func selfContained() throws {
    let page = page([try report()])
    let (names, problem) = elements(of: page)
    #expect(problem == nil)
    #expect(!names.contains("script") && !names.contains("link") && !names.contains("iframe"))
    #expect(page.firstMatch(of: /(src|href)="(?!#|data:image\/png;base64,)/) == nil)
    #expect(page.firstMatch(of: /https?:|url\(|@import/) == nil)
    #expect(names.contains("svg") && names.contains("img") && names.contains("table"))
  }

  @Test("says the verdict first, in a heading")
  func verdictFirst() throws {
    let page = page([try report()])
    let body = try #require(page.components(separatedBy: "<body>").last)
    let heading = try #require(body.firstMatch(of: /<h1[^>]*>(.*?)<\/h1>/.dotMatchesNewlines()))
    #expect(heading.1.contains("Sound"))
    let table = try #require(body.range(of: "<table>"))
    #expect(heading.range.upperBound < table.lowerBound)
  }

  @Test("shows what the report holds: checks, layers, classes, slices, ledger, digests")
  func contents() throws {
    let report = try report()
    let page = page([report])
    for check in report.checks { #expect(page.contains("<code>\(check.id)</code>")) }
    for layer in report.layers { #expect(page.contains(layer.layer)) }
    #expect(page.contains("grey matter"))
    #expect(report.galleries.first?.slices.count == 7)
    #expect(page.components(separatedBy: "<img ").count == 8)
    #expect(page.contains("encoder.cls_token") && page.contains("no classes"))
    #expect(page.contains("0123"))
  }

  @Test("text from files stays text")
  func escaping() throws {
    let hostile = "</title><script>alert(1)</script>\u{202E}\u{7}"
    let fault = Fault(.unreadable, hostile, at: .init(file: hostile, tensor: hostile))
    let page = page([try report(), VerificationReport(checkpoint: hostile, faults: [fault])])
    #expect(!page.contains("<script>"))
    #expect(page.contains("&lt;script&gt;"))
    #expect(!page.unicodeScalars.contains("\u{202E}") && !page.unicodeScalars.contains("\u{7}"))
    #expect(page.contains("&lt;scan&gt; &amp; &quot;labels&quot;"))
    #expect(elements(of: page).problem == nil)
  }

  @Test("every picture has words, every table a caption and headers, every focus a name")
  func accessible() throws {
    let page = page([try report()])
    for image in page.matches(of: /<img ([^>]*)>/) { #expect(image.1.contains("alt=\"Slice")) }
    for table in page.matches(of: /<table>(.*?)<\/table>/.dotMatchesNewlines()) {
      #expect(table.1.contains("<caption>") && table.1.contains("scope=\"col\""))
    }
    for element in page.matches(of: /<[a-z]+ [^>]*tabindex="0"[^>]*>/) {
      #expect(element.0.contains("aria-label=\"") && element.0.contains("role=\""))
    }
    #expect(page.contains("<html lang=\"en\">"))
    #expect(page.contains("prefers-color-scheme:dark"))
    #expect(page.contains("role=\"img\" aria-labelledby"))
    // Bars only show the numbers that stand beside them.
    for bar in page.matches(of: /<span class="track"([^>]*)>/) {
      #expect(bar.1.contains("aria-hidden=\"true\""))
    }
  }

  @Test("what falls short and what is a fault head the page of several")
  func several() throws {
    let source = try Sample.source()
    var damaged = try Sample.conversion(.average)
    try damaged.edit("encoder.blocks.1.norm2.weight") { values, _ in values[0] = .nan }
    let short = try Sample.verify(damaged, against: source)
    let page = page([try report(), short])
    #expect(page.contains("1 of 2 checkpoints are sound"))
    #expect(page.contains("class=\"verdict fall-short\""))
    #expect(page.contains("fell short: finite"))
    let fault = VerificationReport(
      checkpoint: "a", faults: [Fault(.unreadable, "the disk is gone")])
    let second = self.page([fault])
    #expect(second.contains("Not everything could be checked"))
    #expect(second.contains("the disk is gone"))
  }

  @Test("slices are taken evenly from those with anything to see")
  func slices() throws {
    #expect(SliceGallery.evenly(3...9) == Array(3...9))
    let many = SliceGallery.evenly(10...209)
    #expect(many.count == SliceGallery.largestCount)
    #expect(many.first == 10 && many.last == 209)
    #expect(SliceGallery.agreement([0, 1, 2, 0], [0, 1, 1, 3]) == 1.0 / 3)
    #expect(SliceGallery.agreement([0, 0], [0, 0]) == nil)
  }
}
