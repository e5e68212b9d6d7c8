import Architectures
import Documents
import Files

/// What a finished conversion did: its plan, and what came out.
package struct ConversionReport: Sendable {
  package let plan: Plan
  /// The source as the user named it.
  package let sourceName: String
  package let record: ConversionRecord
  package let outputName: String
  package let outputByteCount: Int
  package let outputDigest: SHA256Digest

  /// Reads the output back from where it was written.
  package init(
    plan: Plan, sourceName: String, record: ConversionRecord, output path: String
  ) throws {
    self.plan = plan
    self.sourceName = sourceName
    self.record = record
    outputName = path
    outputByteCount = try MappedFile(path: path).byteCount
    outputDigest = try SHA256Digest.ofFile(at: path)
  }

  /// The report as JSON, by `Schemas/conversion-report.schema.json`.
  package var document: JSONValue {
    .object(
      plan.documentMembers(sourceName: sourceName) + [
        .init("sourceSHA256", .string(record.sourceDigest)),
        .init(
          "output",
          .object([
            "file": .string(outputName), "bytes": .integer(Int64(outputByteCount)),
            "sha256": .string(outputDigest.description),
          ])),
      ])
  }
}
