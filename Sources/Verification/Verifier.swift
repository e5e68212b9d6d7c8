import Architectures
import Checkpoints
import Diagnostics
import Segmenter
import Tensors

/// Puts all checks to a checkpoint that apply to it.
package struct Verifier: Sendable {
  private let catalogue: FamilyCatalogue
  private let source: (tensors: any TensorSource, model: RecognisedModel)?
  private let sourceHints: RecognitionHints
  private let fixtures: [String]
  private let reference: ReferenceVolume?

  /// - Parameters:
  ///   - source: the 2D checkpoint that the others were inflated from.
  ///   - fixtures: paths of recorded runs.
  package init(
    catalogue: FamilyCatalogue, source: (any TensorSource)? = nil,
    sourceHints: RecognitionHints = RecognitionHints(), fixtures: [String] = [],
    reference: ReferenceVolume? = nil
  ) throws {
    self.catalogue = catalogue
    self.source = try source.map { ($0, try catalogue.recognise($0, hints: sourceHints)) }
    self.sourceHints = sourceHints
    self.fixtures = fixtures
    self.reference = reference
  }

  /// - Throws: what reading the checkpoint brings up; a checkpoint that reads well but is wrong gives
  ///   a report that falls short.
  package func verify(
    _ checkpoint: any TensorSource, hints: RecognitionHints = RecognitionHints(),
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> VerificationReport {
    let model: RecognisedModel
    do {
      model = try catalogue.recognise(checkpoint, hints: hints)
    } catch let fault as Fault where fault.code == .unrecognisedFamily {
      return VerificationReport(
        checkpoint: checkpoint.path, familyID: nil, checks: [StructureCheck.check(for: fault)],
        segmentation: nil)
    }
    let structure = StructureCheck(checkpoint: checkpoint, model: model)
    let finiteness = try FinitenessCheck(checkpoint: checkpoint).run()
    var checks = [structure.run(), finiteness]
    let canBeRead = structure.wrongElementType == nil
    let canRun = canBeRead && finiteness.verdict == .pass
    if canBeRead { checks += try comparisons(of: checkpoint, model, canRun: canRun) }
    // Running a model whose weights are damaged would only repeat in other words what is known.
    guard canRun else {
      return VerificationReport(
        checkpoint: checkpoint.path, familyID: model.family.id, checks: checks, segmentation: nil)
    }
    var scores: SegmentationScores?
    if !fixtures.isEmpty || reference != nil {
      let segmenter = try SegmentationModel(model: model, source: checkpoint)
      checks += try fixtures.map { try FixtureCheck(path: $0, model: segmenter).run() }
      if let reference {
        let result = try SegmentationCheck(model: segmenter, reference: reference)
          .run(progress: progress)
        checks.append(result.check)
        scores = result.scores
      }
    }
    return VerificationReport(
      checkpoint: checkpoint.path, familyID: model.family.id, checks: checks, segmentation: scores)
  }

  /// The checks that need the 2D source; they ask nothing of a 2D checkpoint.
  private func comparisons(
    of checkpoint: any TensorSource, _ model: RecognisedModel, canRun: Bool
  ) throws -> [Check] {
    guard model.family.dimensions == 3 else { return [] }
    let derived = try DerivedTensorsCheck(checkpoint: checkpoint, model: model).run()
    guard let source = try source(for: model) else {
      return [derived, .notApplicable(.depthConstant, because: "no --source to compare with")]
    }
    guard source.model.family.dimensions == 2 else {
      throw Fault(
        .usage, "a \(source.model.family.title) checkpoint is no 2D source",
        at: .init(file: source.tensors.path))
    }
    guard SegmentationModel.canRun(model.family), SegmentationModel.canRun(source.model.family) else {
      return [
        derived,
        .notApplicable(
          .depthConstant,
          because: "\(model.family.title) and \(source.model.family.title) cannot both be run yet"),
      ]
    }
    let identities = try IdentityChecks(
      source: source.tensors, sourceModel: source.model, checkpoint: checkpoint, model: model
    ).run()
    // A damaged weight makes the forward pass stop; which one it is, is known by now.
    guard canRun else { return [derived] + identities }
    let forward = DepthConstantCheck(
      source: source.tensors, sourceModel: source.model, checkpoint: checkpoint, model: model)
    return [derived] + identities + [try forward.run()]
  }

  /// The source, whose decoder is fed as the conversion fed it when nobody says otherwise.
  private func source(
    for model: RecognisedModel
  ) throws -> (tensors: any TensorSource, model: RecognisedModel)? {
    guard let source, sourceHints.decoderLayers == nil, let record = model.record,
      source.model.decoderLayers != record.decoderLayers
    else { return source }
    var hints = sourceHints
    hints.decoderLayers = record.decoderLayers
    return (source.tensors, try catalogue.recognise(source.tensors, hints: hints))
  }
}
