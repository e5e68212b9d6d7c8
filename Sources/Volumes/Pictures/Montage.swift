import Diagnostics

/// Slices of a volume below each other, and beside each slice what was found on it: one column for
/// the plain volume, one for every segmentation.
package struct Montage: Sendable {
  /// A segmentation to be shown in colour over the volume.
  package struct Overlay: Sendable {
    package let title: String
    package let labels: LabelVolume

    package init(title: String, labels: LabelVolume) {
      self.title = title
      self.labels = labels
    }
  }

  package let volume: Volume
  package let intensities: IntensityWindow
  package let overlays: [Overlay]
  package let slices: [Int]
  /// Names of the classes 1, 2, … for a legend; none, no legend.
  package let classNames: [String]

  /// - Parameters:
  ///   - overlays: for instance the labels and the prediction.
  ///   - slices: when `nil`, those at a quarter, a half and three quarters of the depth where the
  ///     first overlay has labels.
  /// - Throws: `extents-mismatch` when an overlay is of another size, `usage` when a slice does not
  ///   exist.
  package init(
    volume: Volume, intensities: IntensityWindow, overlays: [Overlay], slices: [Int]? = nil,
    classNames: [String] = []
  ) throws {
    for overlay in overlays where overlay.labels.extents != volume.extents {
      throw Fault(
        .extentsMismatch,
        "the volume has \(volume.extents) voxels, \"\(overlay.title)\" has "
          + "\(overlay.labels.extents)",
        remedy: "show volumes on the same grid together")
    }
    let depth = volume.extents.depth
    if let missing = slices?.first(where: { !(0..<depth).contains($0) }) {
      throw Fault(.usage, "there is no slice \(missing); the last is \(depth - 1)")
    }
    self.volume = volume
    self.intensities = intensities
    self.overlays = overlays
    self.classNames = classNames
    self.slices =
      slices ?? Montage.quarters(of: overlays.first?.labels.labelledSlices ?? 0...depth - 1)
  }

  static func quarters(of range: ClosedRange<Int>) -> [Int] {
    let length = range.upperBound - range.lowerBound
    var slices: [Int] = []
    for quarter in 1...3 {
      let slice = range.lowerBound + (length * quarter + 2) / 4
      if slices.last != slice { slices.append(slice) }
    }
    return slices
  }

  package func picture() -> Picture {
    let layout = MontageLayout(self)
    var picture = Picture(
      width: layout.width, height: layout.height, background: MontageLayout.background)
    for (column, title) in layout.titles.enumerated() {
      layout.drawTitle(title, column: column, into: &picture)
    }
    for (row, slice) in slices.enumerated() {
      let grey = greyTile(slice)
      layout.draw(grey, row: row, column: 0, into: &picture)
      for (index, overlay) in overlays.enumerated() {
        let tile = zip(grey, overlay.labels.axialLabels(slice)).map { below, label in
          below.overlaid(withClass: label)
        }
        layout.draw(tile, row: row, column: index + 1, into: &picture)
      }
      layout.drawCaption("slice \(slice)", row: row, into: &picture)
    }
    layout.drawLegend(into: &picture)
    return picture
  }

  /// Row-major `[height, width]`, like the plane.
  private func greyTile(_ slice: Int) -> [Colour] {
    intensities.normalised(volume.axialPlane(slice)).values.map {
      Colour(grey: UInt8(($0 * 255).rounded()))
    }
  }
}
