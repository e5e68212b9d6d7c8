import Diagnostics
import Documents
import Files
import FoundationEssentials
import Verification

/// Where a verification's report goes: one document of JSON, one page of HTML, or a folder with both
/// for every checkpoint and a summary of all.
enum ReportOutput {
  case document(String)
  case page(String)
  case folder(String)

  /// - Throws: `usage` for another ending.
  init(path: String) throws {
    switch path.pathExtension.lowercased() {
    case _ where path.hasSuffix("/") || isFolder(at: path): self = .folder(path)
    case "json": self = .document(path)
    case "html": self = .page(path)
    default:
      throw Fault(
        .usage, "\"\(printable(path))\": a report is called .json or .html, or is a folder",
        remedy: "for example --report report.html, or --report reports/")
    }
  }

  var showsSlices: Bool { if case .document = self { false } else { true } }

  /// The files that can be named before anything is known of the checkpoints.
  var files: [String] {
    switch self {
    case .document(let path), .page(let path): [path]
    case .folder(let path): ["summary.json", "summary.html"].map { join(path, $0) }
    }
  }

  /// Makes the folder, if it is one and does not exist.
  ///
  /// - Throws: `cannot-create`.
  func prepare() throws {
    guard case .folder(let path) = self else { return }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Fault(.cannotCreate, "cannot make the folder", at: .init(file: path))
    }
  }

  /// Into a folder, a checkpoint's report goes as soon as it is there.
  ///
  /// - Parameter number: from 1.
  /// - Throws: the faults of files.
  func add(
    _ report: VerificationReport, number: Int, context: ReportContext, replacing: Bool
  ) throws {
    guard case .folder(let path) = self else { return }
    let name = "\(number)-" + fileName(report.checkpoint)
    try OutputFile.write(
      VerificationReport.document(of: [report]), to: join(path, name + ".json"),
      replacing: replacing)
    try writePage([report], context, to: join(path, name + ".html"), replacing: replacing)
  }

  /// Whether pictures need not be kept once a checkpoint's own report is written.
  var letsGoOfPictures: Bool { if case .page = self { false } else { true } }

  /// All checkpoints together.
  ///
  /// - Throws: the faults of files.
  func finish(
    _ reports: [VerificationReport], context: ReportContext, replacing: Bool
  ) throws {
    switch self {
    case .document(let path):
      try OutputFile.write(
        VerificationReport.document(of: reports), to: path, replacing: replacing)
    case .page(let path): try writePage(reports, context, to: path, replacing: replacing)
    case .folder(let path):
      try OutputFile.write(
        VerificationReport.document(of: reports), to: join(path, "summary.json"),
        replacing: replacing)
      try writePage(reports, context, to: join(path, "summary.html"), replacing: replacing)
    }
  }

  private func writePage(
    _ reports: [VerificationReport], _ context: ReportContext, to path: String, replacing: Bool
  ) throws {
    try OutputFile.write(
      HTMLReport(reports, context: context).text, to: path, replacing: replacing)
  }

  /// A checkpoint's name without its folder and whatever else a file's name may not hold.
  private func fileName(_ path: String) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? "checkpoint"
    let kept = last.unicodeScalars.prefix(100).map { scalar -> Character in
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        || "._-".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
    }
    return String(kept)
  }

  private func join(_ folder: String, _ name: String) -> String {
    folder.appendingPathComponent(name)
  }
}
