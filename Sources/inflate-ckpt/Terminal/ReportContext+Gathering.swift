import Checkpoints
import Files
import FoundationEssentials
import Verification

extension ReportContext {
  /// Where and with what a verification was made.
  ///
  /// - Parameters:
  ///   - files: those whose digests are to be named; what cannot be read has been reported already.
  ///   - conversionPath: the report of the conversion, if one was given.
  /// - Throws: the faults of that report.
  init(files: [String], classNames: [String], conversionPath: String?) throws {
    self.init()
    self.classNames = classNames
    environment = [
      ("inflate-ckpt", toolVersion),
      ("command line", CommandLine.arguments.dropFirst().joined(separator: " ")),
      ("system", ProcessInfo.processInfo.operatingSystemVersionString),
      ("processors", String(ProcessInfo.processInfo.activeProcessorCount)),
      ("memory", "\(ProcessInfo.processInfo.physicalMemory / 1_000_000) MB"),
      ("time", Date().formatted(.iso8601)),
    ]
    var seen: Set<String> = []
    for file in files where seen.insert(file).inserted {
      guard let digest = try? SHA256Digest.ofFile(at: file) else { continue }
      digests.append((file, digest.description))
    }
    conversion = try conversionPath.map(UserDocuments.document(at:))
  }
}
