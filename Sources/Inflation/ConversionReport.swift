import Architectures
import Checkpoints
import Documents
import Files
import Tensors

/// What a finished conversion did: its plan, and what came out.
package struct ConversionReport: Sendable {
  package let plan: Plan
  /// The source as the user named it.
  package let sourceName: String
  package let record: ConversionRecord
  package let outputName: String
  package let outputByteCount: Int
  package let outputDigest: SHA256Digest
  /// By the target tensor's name, for every tensor of the plan.
  package let norms: [TargetKey: TensorNorms]

  /// Reads the output back from where it was written, and the inputs once more.
  ///
  /// - Throws: what opening and reading the files brings up.
  package init(
    of conversion: Conversion, sourceName: String, record: ConversionRecord, output path: String
  ) throws {
    plan = conversion.plan
    self.sourceName = sourceName
    self.record = record
    outputName = path
    outputByteCount = try MappedFile(path: path).byteCount
    outputDigest = try SHA256Digest.ofFile(at: path)
    norms = try ConversionReport.norms(of: conversion, in: openCheckpoint(at: path))
  }

  private static func norms(
    of conversion: Conversion, in output: any TensorSource
  ) throws -> [TargetKey: TensorNorms] {
    var norms: [TargetKey: TensorNorms] = [:]
    // One tensor may be an input of many, and the decoder's file may have one called like the
    // source's.
    var known: [String: [TensorDescription: Double?]] = [:]
    for tensor in conversion.plan.tensors {
      let before = try tensor.expression.inputs.map { input -> Double? in
        let holder = try conversion.source(of: input, in: tensor.expression)
        if let norm = known[holder.path]?[input] { return norm }
        let norm = try holder.euclideanNorm(of: input.key)
        known[holder.path, default: [:]][input] = .some(norm)
        return norm
      }
      norms[tensor.key] = TensorNorms(
        before: before, after: try output.euclideanNorm(of: SourceKey(tensor.key.name)))
    }
    return norms
  }

  /// The report as JSON, by `Schemas/conversion-report.schema.json`.
  package var document: JSONValue {
    .object(
      plan.documentMembers(sourceName: sourceName, norms: norms) + [
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

/// Euclidean norms over all elements; nil for tensors without floating-point numbers.
package struct TensorNorms: Sendable, Equatable {
  /// Of the inputs, in the order of ``PlannedTensor/inputs``.
  package let before: [Double?]
  /// Of the target tensor as it is stored.
  package let after: Double?

  var document: JSONValue {
    let figure = { (norm: Double?) -> JSONValue in norm.map { .number($0) } ?? .null }
    return .object(["before": .array(before.map(figure)), "after": figure(after)])
  }
}
