import Diagnostics

/// A segmentation: one class number a voxel, 0 being the background.
package struct LabelVolume: Sendable, Equatable {
  package let geometry: VolumeGeometry
  /// In the file's order, like ``Volume/values``; none is negative.
  package let labels: [Int32]
  package let largestLabel: Int32

  /// - Throws: `extents-mismatch` when the count of labels is not that of the voxels,
  ///   `invalid-label` for the first that is negative.
  package init(geometry: VolumeGeometry, labels: [Int32]) throws {
    let extents = geometry.extents
    guard labels.count == extents.voxelCount else {
      throw Fault(
        .extentsMismatch, "a volume of \(extents) voxels cannot have \(labels.count) labels")
    }
    if let index = labels.firstIndex(where: { $0 < 0 }) {
      throw Fault(
        .invalidLabel, "voxel \(extents.voxelName(at: index)) has the label \(labels[index])",
        remedy: "labels are whole numbers from 0")
    }
    self.geometry = geometry
    self.labels = labels
    largestLabel = labels.max() ?? 0
  }

  package var extents: VolumeExtents { geometry.extents }

  /// - Throws: `extents-mismatch`, about the scan at `place`, when these are another scan's labels.
  package func check(belongingTo scan: Volume, at place: Fault.Place) throws {
    guard scan.extents == extents else {
      throw Fault(
        .extentsMismatch,
        "the scan has \(scan.extents) voxels, its labels have \(extents)", at: place,
        remedy: "give the labels of this very scan")
    }
  }

  /// The labels of the axial slice `slice`, row-major `[height, width]`.
  package func axialLabels(_ slice: Int) -> [Int32] {
    precondition((0..<extents.depth).contains(slice), "no slice \(slice)")
    return rowMajorSlice(of: labels, extents: extents, slice: slice)
  }

  /// The slices that hold anything but background, from the first to the last.
  package var labelledSlices: ClosedRange<Int>? {
    let sliceSize = extents.plane.pixelCount
    guard let first = labels.firstIndex(where: { $0 != 0 }),
      let last = labels.lastIndex(where: { $0 != 0 })
    else { return nil }
    return first / sliceSize...last / sliceSize
  }
}
