import Volumes

/// What was asked of one checkpoint and what came out.
package struct VerificationReport: Sendable {
  /// The checkpoint as the user named it.
  package let checkpoint: String
  /// The family that was recognised, if any.
  package let familyID: String?
  package let checks: [Check]
  package let segmentation: SegmentationScores?

  package init(
    checkpoint: String, familyID: String?, checks: [Check], segmentation: SegmentationScores?
  ) {
    self.checkpoint = checkpoint
    self.familyID = familyID
    self.checks = checks
    self.segmentation = segmentation
  }

  package var passes: Bool { !checks.contains { $0.verdict == .fallShort } }
}

/// Dice of one checkpoint on one labelled volume.
package struct SegmentationScores: Sendable, Equatable {
  package let volume: String
  /// By class; nil where neither labels nor prediction have the class.
  package let dice: [Double?]
  /// The mean over the classes but 0, which is the background.
  package let meanForegroundDice: Double?
}
