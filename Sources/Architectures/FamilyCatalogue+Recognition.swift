import Diagnostics
import Tensors

/// What the user says about a checkpoint because its tensors cannot.
package struct RecognitionHints: Sendable {
  /// The only family to consider.
  package var familyID: String?
  package var parameters: [String: Int]
  package var decoderLayers: [Int]?

  package init(
    familyID: String? = nil, parameters: [String: Int] = [:], decoderLayers: [Int]? = nil
  ) {
    self.familyID = familyID
    self.parameters = parameters
    self.decoderLayers = decoderLayers
  }
}

extension FamilyCatalogue {
  /// Finds out which family a checkpoint belongs to, from names and shapes, and from the record
  /// that our own converter leaves in what it writes.
  ///
  /// - Throws: `unrecognised-family` with what speaks against the nearest family, tensor by tensor;
  ///   `ambiguous-family` with the candidates.
  package func recognise(
    _ source: any TensorSource, hints: RecognitionHints = RecognitionHints()
  ) throws -> RecognisedModel {
    let record = try located(in: .init(file: source.path)) {
      try ConversionRecord(metadata: source.metadata)
    }
    var hints = hints
    if let record {
      if hints.familyID == nil { try check(record, of: source) }
      hints.familyID = hints.familyID ?? record.targetID
      hints.parameters.merge(record.parameters) { given, _ in given }
      hints.decoderLayers = hints.decoderLayers ?? record.decoderLayers
    }
    let candidates = try hints.familyID.map { [try model($0)] } ?? models
    let attempts = try candidates.flatMap { try matches(of: $0, with: source, hints: hints) }
    let complete = attempts.filter(\.isComplete)
    guard let best = complete.first else { throw unrecognised(source, attempts) }
    let rivals = Set(complete.map(\.family.id))
    guard rivals.count == 1 else {
      throw Fault(
        .ambiguousFamily,
        "the tensors fit several families: \(rivals.sorted().joined(separator: ", "))",
        at: .init(file: source.path), remedy: "name one of them with --source")
    }
    return recognised(best, in: source, hints: hints, record: record)
  }

  /// A record in a file is data: a family that it names wrongly is no mistake on the command line.
  private func check(_ record: ConversionRecord, of source: any TensorSource) throws {
    guard !models.contains(where: { $0.id == record.targetID }) else { return }
    throw Fault(
      .invalidDocument, "there is no family called \"\(printable(record.targetID))\"",
      at: .init(
        file: source.path, pointer: "/__metadata__/\(ConversionRecord.metadataKey)/target"),
      remedy: "known families: \(models.map(\.id).joined(separator: ", "))")
  }

  private func matches(
    of family: Family, with source: any TensorSource, hints: RecognitionHints
  ) throws -> [FamilyMatch] {
    let components = try family.components.map { try self.family($0.familyID) }
    // A prefix that no tensor has cannot match, and need not be tried.
    let prefixes = family.prefixes.filter { prefix in
      source.tensors.contains { $0.key.name.hasPrefix(prefix) }
    }
    return prefixes.map {
      FamilyMatch(
        family, components: components, prefix: $0, tensors: source.tensors,
        known: hints.parameters)
    }
  }

  private func recognised(
    _ match: FamilyMatch, in source: any TensorSource, hints: RecognitionHints,
    record: ConversionRecord?
  ) -> RecognisedModel {
    let claimed = Set(match.keys.values).union(match.drops.keys)
    let depth = match.parameters["depth"] ?? 0
    return RecognisedModel(
      family: match.family, parameters: match.parameters, keys: match.keys,
      decoderLayers: hints.decoderLayers ?? match.family.decoderLayers(depth: depth) ?? [],
      prefix: match.prefix, hasDecoder: match.hasDecoder, drops: match.drops,
      unclaimed: source.tensors.map(\.key).filter { !claimed.contains($0) }, record: record)
  }

  /// Explains with the attempt that could name the most tensors.
  private func unrecognised(_ source: any TensorSource, _ attempts: [FamilyMatch]) -> Fault {
    let nearest = attempts.max { $0.claimedCount < $1.claimedCount }
    guard let nearest, nearest.claimedCount > 0 else {
      return Fault(
        .unrecognisedFamily,
        "none of its \(source.tensors.count) tensors belongs to a known family",
        at: .init(file: source.path),
        remedy: "known families: \(models.map(\.id).joined(separator: ", "))")
    }
    let title = nearest.family.title
    if let contradiction = nearest.contradictions.first {
      return Fault(
        .unrecognisedFamily, "\(contradiction.reason) (read as \(title))",
        at: .init(file: source.path, tensor: contradiction.tensor))
    }
    let others = nearest.missingCount > 1 ? " and \(nearest.missingCount - 1) more" : ""
    return Fault(
      .unrecognisedFamily, "missing from this \(title) checkpoint\(others)",
      at: .init(file: source.path, tensor: nearest.missing.first),
      remedy: "the checkpoint is incomplete, or of another family")
  }
}
