import Diagnostics
import Volumes

/// What was asked of one checkpoint and what came out.
package struct VerificationReport: Sendable {
  package enum Verdict: String, Sendable {
    case pass
    case fallShort = "fall-short"
    /// Something could not be read or run, so that not all was asked.
    case fault
  }

  /// The checkpoint as the user named it.
  package let checkpoint: String
  /// The family that was recognised, if any.
  package let familyID: String?
  package let checks: [Check]
  /// Empty when the forward passes were not compared.
  package let layers: [LayerFidelity]
  /// One for each labelled scan.
  package let segmentations: [SegmentationScores]
  /// Pictures of the scans' slices, when they were asked for.
  package let galleries: [SliceGallery]
  /// What kept some of the checks from being made.
  package let faults: [Fault]

  package init(
    checkpoint: String, familyID: String? = nil, checks: [Check] = [],
    layers: [LayerFidelity] = [], segmentations: [SegmentationScores] = [],
    galleries: [SliceGallery] = [], faults: [Fault] = []
  ) {
    self.checkpoint = checkpoint
    self.familyID = familyID
    self.checks = checks
    self.layers = layers
    self.segmentations = segmentations
    self.galleries = galleries
    self.faults = faults
  }

  /// The same without pictures, which take far more memory than all the rest.
  package var withoutPictures: VerificationReport {
    VerificationReport(
      checkpoint: checkpoint, familyID: familyID, checks: checks, layers: layers,
      segmentations: segmentations, faults: faults)
  }

  /// The paper's averages over all scans; nil when there is none.
  package func averages(_ grouping: PaperAverages.Grouping) -> PaperAverages? {
    segmentations.isEmpty ? nil : PaperAverages(segmentations.map(\.matrix), grouping: grouping)
  }

  /// A check that falls short says more than a fault that kept others from being made.
  package var verdict: Verdict {
    if checks.contains(where: { $0.verdict == .fallShort }) { return .fallShort }
    return faults.isEmpty ? .pass : .fault
  }

  package var passes: Bool { verdict == .pass }
}
