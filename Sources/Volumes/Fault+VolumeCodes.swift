import Diagnostics

extension Fault.Code {
  // The file.

  /// Neither a NIfTI file nor a gzip file that holds one.
  package static let notNIfTI = Fault.Code("not-nifti", exit: .invalidData)
  /// A relative of NIfTI that this reader does not speak: a pair of files.
  package static let unsupportedNIfTI = Fault.Code("unsupported-nifti", exit: .invalidData)
  package static let truncatedVolume = Fault.Code("truncated-volume", exit: .invalidData)
  /// A gzip file holds far more than its header declares.
  package static let oversizedVolume = Fault.Code("oversized-volume", exit: .invalidData)
  package static let corruptGzip = Fault.Code("corrupt-gzip", exit: .invalidData)

  // The header.

  package static let invalidDimensions = Fault.Code("invalid-dimensions", exit: .invalidData)
  /// Several channels where one is expected.
  package static let multiChannelVolume = Fault.Code("multi-channel-volume", exit: .invalidData)
  package static let unsupportedVoxelType = Fault.Code("unsupported-voxel-type", exit: .invalidData)
  /// `bitpix` contradicts `datatype`.
  package static let voxelSizeMismatch = Fault.Code("voxel-size-mismatch", exit: .invalidData)
  package static let invalidVoxelOffset = Fault.Code("invalid-voxel-offset", exit: .invalidData)
  package static let invalidScaling = Fault.Code("invalid-scaling", exit: .invalidData)
  package static let invalidOrientation = Fault.Code("invalid-orientation", exit: .invalidData)

  // The voxels.

  package static let nonFiniteVoxel = Fault.Code("non-finite-voxel", exit: .invalidData)
  /// A label that is negative, fractional or too large, or a class that nobody announced.
  package static let invalidLabel = Fault.Code("invalid-label", exit: .invalidData)
  /// Two volumes that should cover the same voxels do not.
  package static let extentsMismatch = Fault.Code("extents-mismatch", exit: .invalidData)

  // Folders.

  package static let unknownDatasetLayout = Fault.Code(
    "unknown-dataset-layout", exit: .invalidData)

  // The model's answers.

  package static let invalidScores = Fault.Code("invalid-scores", exit: .invalidData)
  package static let nonFiniteScores = Fault.Code("non-finite-scores", exit: .invalidData)

  // A long run.

  /// A file that is to keep a run's state keeps something else.
  package static let journalMismatch = Fault.Code("journal-mismatch", exit: .invalidData)
}
