import Diagnostics
import Tensors

/// What the user says about a checkpoint because its tensors cannot.
package struct RecognitionHints: Sendable {
  /// The only family to consider.
  package var familyID: String?
  package var parameters: [String: Int]
  /// What the model was built with or without: `proj_type`, `version`.
  package var options: [String: String]
  package var decoderLayers: [Int]?
  /// 2 for image models or 3 for models of volumes, where the tensors fit both.
  package var preferredDimensions: Int?
  /// What a `config.json` says, which counts where the shapes leave something open.
  package var configuration: ModelConfiguration?

  package init(
    familyID: String? = nil, parameters: [String: Int] = [:], options: [String: String] = [:],
    decoderLayers: [Int]? = nil, preferredDimensions: Int? = nil,
    configuration: ModelConfiguration? = nil
  ) {
    self.familyID = familyID
    self.parameters = parameters
    self.options = options
    self.decoderLayers = decoderLayers
    self.preferredDimensions = preferredDimensions
    self.configuration = configuration
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
      hints.options.merge(record.targetOptions) { given, _ in given }
      hints.decoderLayers = hints.decoderLayers ?? record.decoderLayers
    }
    let candidates = try hints.familyID.map { [try modelEntry($0)] } ?? modelEntries
    let attempts = try attempts(candidates, PrefixedNames(source.tensors), hints)
    let best = best(of: attempts.filter(\.isComplete), preferring: hints.preferredDimensions)
    guard let first = best.first else { throw unrecognised(source, attempts) }
    let rivals = Set(best.map(\.family.id))
    guard rivals.count == 1 else {
      throw Fault(
        .ambiguousFamily,
        "the tensors fit several families: \(rivals.sorted().joined(separator: ", "))",
        at: .init(file: source.path), remedy: "name one of them with --source")
    }
    return recognised(first, in: source, hints: hints, record: record)
  }

  /// Those that name the most tensors, and among them those whose assumptions hold: a square grid
  /// tells whether a class token has a row among the positions.
  private func best(of complete: [FamilyMatch], preferring dimensions: Int?) -> [FamilyMatch] {
    let claimed = complete.map(\.claimedCount).max()
    let largest = complete.filter { $0.claimedCount == claimed }
    let refuted = largest.map(\.refutedCount).min()
    let likeliest = largest.filter { $0.refutedCount == refuted }
    let preferred = likeliest.filter { $0.family.dimensions == dimensions }
    return preferred.isEmpty ? likeliest : preferred
  }

  /// A record in a file is data: a family that it names wrongly is no mistake on the command line.
  private func check(_ record: ConversionRecord, of source: any TensorSource) throws {
    guard !modelIDs.contains(record.targetID) else { return }
    throw Fault(
      .invalidDocument, "there is no family called \"\(printable(record.targetID))\"",
      at: .init(
        file: source.path, pointer: "/__metadata__/\(ConversionRecord.metadataKey)/target"),
      remedy: "known families: \(modelIDs.joined(separator: ", "))")
  }

  /// The attempts that can name the most tensors, those with others of their rank included: no
  /// other is worth a look once one of these fits.
  private func attempts(
    _ candidates: [FamilyEntry], _ names: PrefixedNames, _ hints: RecognitionHints
  ) throws -> [FamilyMatch] {
    var ranked: [(entry: FamilyEntry, prefix: String, count: Int)] = []
    for entry in candidates {
      for prefix in entry.outline.prefixes {
        let count = names.count(prefix, namedBy: entry.outline)
        if count > 0 { ranked.append((entry, prefix, count)) }
      }
    }
    ranked.sort { $0.count > $1.count }
    var attempts: [FamilyMatch] = []
    for (entry, prefix, count) in ranked {
      if let fitting = attempts.first(where: \.isComplete), count < fitting.claimedCount { break }
      let family = try entry.family()
      let components = try components(of: family, naming: names)
      attempts.append(
        FamilyMatch(family, components: components, prefix: prefix, names: names, hints: hints))
    }
    return attempts
  }

  private func recognised(
    _ match: FamilyMatch, in source: any TensorSource, hints: RecognitionHints,
    record: ConversionRecord?
  ) -> RecognisedModel {
    let claimed = Set(match.tensors.values.map(\.key)).union(match.drops.keys)
    var parameters = match.parameters
    let depth = parameters["depth"] ?? 0
    let customaryHeads = parameters["hidden"].flatMap(match.family.customaryHeads)
    if parameters["heads"] == nil { parameters["heads"] = customaryHeads }
    return RecognisedModel(
      family: match.family, parameters: parameters, options: match.options,
      assumed: match.parameters["heads"] == nil && customaryHeads != nil ? ["heads"] : [],
      tensors: match.tensors,
      decoderLayers: hints.decoderLayers ?? match.family.decoderLayers(depth: depth) ?? [],
      prefix: match.prefix, hasDecoder: match.hasDecoder, component: match.component,
      drops: match.drops,
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
        remedy: "known families: \(modelIDs.joined(separator: ", "))")
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

extension FamilyCatalogue {
  /// What the shapes of a part's tensors say of its hyper-parameters.
  package static func sizes(
    of part: Family, prefix: String, in source: any TensorSource
  ) -> [String: Int] {
    FamilyMatch(
      part, components: [], prefix: prefix, names: PrefixedNames(source.tensors),
      hints: RecognitionHints()
    ).parameters
  }
}
