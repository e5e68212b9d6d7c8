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
  private let references: [ReferenceVolume]
  private let bounds: SegmentationBounds
  private let windows: WindowOptions?
  private let drawsSlices: Bool

  /// Of so many scans a report has pictures; each takes a few megabytes.
  private static let largestGalleryCount = 4

  /// - Parameters:
  ///   - source: the 2D checkpoint that the others were inflated from.
  ///   - fixtures: paths of recorded runs.
  ///   - drawsSlices: whether the report is to have pictures of the scans.
  package init(
    catalogue: FamilyCatalogue, source: (any TensorSource)? = nil,
    sourceHints: RecognitionHints = RecognitionHints(), fixtures: [String] = [],
    references: [ReferenceVolume] = [], bounds: SegmentationBounds = SegmentationBounds(),
    windows: WindowOptions? = nil, drawsSlices: Bool = false
  ) throws {
    self.catalogue = catalogue
    self.source = try source.map { ($0, try catalogue.recognise($0, hints: sourceHints)) }
    self.sourceHints = sourceHints
    self.fixtures = fixtures
    self.references = references
    self.bounds = bounds
    self.windows = windows
    self.drawsSlices = drawsSlices
  }

  /// Asks all that can be asked. A fault keeps the checks from being made that it concerns, and no
  /// other: it stands in the report.
  package func verify(
    _ checkpoint: any TensorSource, hints: RecognitionHints = RecognitionHints(),
    progress: (_ title: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) -> VerificationReport {
    var findings = Findings()
    var familyID: String?
    findings.attempt {
      let model: RecognisedModel
      do {
        model = try catalogue.recognise(checkpoint, hints: hints)
      } catch let fault as Fault where fault.code == .unrecognisedFamily {
        $0.checks.append(StructureCheck.check(for: fault))
        return
      }
      familyID = model.family.id
      try examine(checkpoint, model, into: &$0, progress: progress)
    }
    return VerificationReport(
      checkpoint: checkpoint.path, familyID: familyID, checks: findings.checks,
      layers: findings.layers, segmentations: findings.segmentations,
      galleries: findings.galleries, faults: findings.faults)
  }

  private func examine(
    _ checkpoint: any TensorSource, _ model: RecognisedModel, into findings: inout Findings,
    progress: (_ title: String, _ done: Int, _ total: Int) -> Void
  ) throws {
    let structure = StructureCheck(checkpoint: checkpoint, model: model)
    let survey = try WeightSurvey(of: checkpoint)
    let finiteness = FinitenessCheck(checkpoint: checkpoint, survey: survey).run()
    findings.checks += [structure.run(), finiteness]
    // Running a model whose weights are damaged would only repeat in other words what is known.
    let canBeRead = structure.wrongElementType == nil
    let canRun = canBeRead && finiteness.verdict == .pass
    guard canBeRead else { return }
    let examined = Examined(checkpoint: checkpoint, model: model, survey: survey)
    // Weights take long to load: the checks that run the model share it.
    var loaded: SegmentationModel?
    func runnable() throws -> SegmentationModel {
      let segmenter = try loaded ?? SegmentationModel(model: model, source: checkpoint)
      loaded = segmenter
      return segmenter
    }
    findings.attempt { try compare(examined, canRun: canRun, runnable: runnable, into: &$0) }
    guard canRun, !fixtures.isEmpty || !references.isEmpty else { return }
    let segmenter = try runnable()
    for path in fixtures {
      findings.attempt { $0.checks.append(try FixtureCheck(path: path, model: segmenter).run()) }
    }
    for reference in references {
      findings.attempt {
        let outcome = try SegmentationCheck(
          model: segmenter, reference: reference, bounds: bounds, windows: windows
        ).run { progress(reference.name, $0, $1) }
        $0.checks += outcome.checks
        $0.segmentations.append(outcome.scores)
        if drawsSlices, $0.galleries.count < Verifier.largestGalleryCount {
          $0.galleries.append(try outcome.gallery(of: reference))
        }
      }
    }
  }

  private struct Examined {
    let checkpoint: any TensorSource
    let model: RecognisedModel
    let survey: WeightSurvey
  }

  /// The checks that need the 2D source; they ask nothing of a 2D checkpoint.
  private func compare(
    _ examined: Examined, canRun: Bool, runnable: () throws -> SegmentationModel,
    into findings: inout Findings
  ) throws {
    let (checkpoint, model) = (examined.checkpoint, examined.model)
    let source = model.family.dimensions == 3 ? try source(for: model) : nil
    guard let source, source.model.family.dimensions == 2 else {
      findings.checks.append(
        StatisticsCheck(survey: examined.survey, model: model, source: nil).run())
      guard model.family.dimensions == 3 else { return }
      findings.checks.append(try DerivedTensorsCheck(checkpoint: checkpoint, model: model).run())
      if let source {
        throw Fault(
          .usage, "a \(source.model.family.title) checkpoint is no 2D source",
          at: .init(file: source.tensors.path))
      }
      findings.checks.append(
        .notApplicable(.depthConstant, because: "no --source to compare with"))
      return
    }
    let sourceSurvey = try WeightSurvey(of: source.tensors)
    findings.checks += [
      StatisticsCheck(
        survey: examined.survey, model: model, source: (sourceSurvey, source.model)
      ).run(), try DerivedTensorsCheck(checkpoint: checkpoint, model: model).run(),
    ]
    let identities = try IdentityChecks(
      source: source.tensors, sourceModel: source.model, checkpoint: checkpoint, model: model,
      catalogue: catalogue)
    findings.checks += try identities.run()
    guard SegmentationModel.canRun(model.family), SegmentationModel.canRun(source.model.family)
    else {
      let reason = "\(model.family.title) and \(source.model.family.title) cannot both be run yet"
      findings.checks.append(.notApplicable(.depthConstant, because: reason))
      return
    }
    // A damaged weight makes the forward pass stop; which one it is, is known by now.
    guard canRun else { return }
    let pair = try ModelPair(
      source: source.tensors, sourceModel: source.model, checkpoint: checkpoint, model: model,
      deep: runnable(), plan: identities.plan)
    let forward = try DepthConstantCheck(pair: pair).run()
    findings.checks.append(forward.check)
    findings.layers = forward.layers
    findings.checks.append(try CentreSliceCheck(pair: pair, scan: references.first).run())
    findings.checks.append(try SymmetryCheck(pair: pair).run())
  }

  /// The source, whose decoder is fed as the conversion fed it when nobody says otherwise.
  private func source(
    for model: RecognisedModel
  ) throws -> (tensors: any TensorSource, model: RecognisedModel)? {
    // A 3D model without a decoder was made for no blocks in particular.
    guard let source, sourceHints.decoderLayers == nil, let record = model.record,
      !record.decoderLayers.isEmpty,
      source.model.decoderLayers != record.decoderLayers
    else { return source }
    var hints = sourceHints
    hints.decoderLayers = record.decoderLayers
    return (source.tensors, try catalogue.recognise(source.tensors, hints: hints))
  }
}

/// What has been found so far.
private struct Findings {
  var checks: [Check] = []
  var layers: [LayerFidelity] = []
  var segmentations: [SegmentationScores] = []
  var galleries: [SliceGallery] = []
  var faults: [Fault] = []

  /// Keeps what `body` found before it came upon a fault, and the fault.
  mutating func attempt(_ body: (inout Findings) throws -> Void) {
    do {
      try body(&self)
    } catch {
      faults.append(Fault(from: error))
    }
  }
}
