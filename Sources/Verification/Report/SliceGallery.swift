import Volumes

/// Slices of a scan with the labels and the prediction laid over, as pictures for a page.
package struct SliceGallery: Sendable {
  package struct Slice: Sendable {
    package let index: Int
    package let png: [UInt8]
    /// The share of the slice's labelled or predicted voxels on which both agree; nil when there are
    /// none.
    package let agreement: Double?
  }

  package let volume: String
  package let slices: [Slice]

  /// At most this many slices, evenly from those where there is anything to see.
  static let largestCount = 24
  /// The longer side of a picture's tile at most, in pixels.
  private static let largestSide = 256

  init(
    volume name: String, scan: Volume, intensities: IntensityWindow, labels: LabelVolume,
    prediction: LabelVolume
  ) throws {
    volume = name
    let shown = SliceGallery.range(labels, prediction) ?? 0...scan.extents.depth - 1
    slices = try SliceGallery.evenly(shown).map { slice in
      let tiles = SliceGallery.tiles(
        slice, scan: scan, intensities: intensities, labels: labels, prediction: prediction)
      return Slice(
        index: slice, png: try tiles.pngBytes(),
        agreement: SliceGallery.agreement(
          labels.axialLabels(slice), prediction.axialLabels(slice)))
    }
  }

  private static func range(_ first: LabelVolume, _ second: LabelVolume) -> ClosedRange<Int>? {
    let ranges = [first, second].compactMap(\.labelledSlices)
    guard let low = ranges.map(\.lowerBound).min(), let high = ranges.map(\.upperBound).max() else {
      return nil
    }
    return low...high
  }

  static func evenly(_ range: ClosedRange<Int>) -> [Int] {
    guard range.count > largestCount else { return Array(range) }
    return (0..<largestCount).map { number in
      range.lowerBound + (range.count - 1) * number / (largestCount - 1)
    }
  }

  static func agreement(_ first: [Int32], _ second: [Int32]) -> Double? {
    var (same, all) = (0, 0)
    for (one, other) in zip(first, second) where one != 0 || other != 0 {
      all += 1
      if one == other { same += 1 }
    }
    return all == 0 ? nil : Double(same) / Double(all)
  }

  /// The plain slice, the labels over it and the prediction over it, side by side.
  private static func tiles(
    _ slice: Int, scan: Volume, intensities: IntensityWindow, labels: LabelVolume,
    prediction: LabelVolume
  ) -> Picture {
    let plane = scan.extents.plane
    let longest = max(plane.height, plane.width)
    let scale = longest > largestSide ? Double(largestSide) / Double(longest) : 1
    let size = PlaneSize(
      height: max(1, Int(Double(plane.height) * scale)),
      width: max(1, Int(Double(plane.width) * scale)))
    let grey = BilinearResampler(from: plane, to: size)
      .resized(intensities.normalised(scan.axialPlane(slice))).values
    let nearest = NearestResampler(from: plane, to: size)
    let overlays = [labels, prediction].map { nearest.resized($0.axialLabels(slice)) }
    let gap = 4
    var picture = Picture(
      width: 3 * size.width + 2 * gap, height: size.height, background: Colour(grey: 128))
    for row in 0..<size.height {
      for column in 0..<size.width {
        let index = row * size.width + column
        let below = Colour(grey: UInt8((min(max(grey[index], 0), 1) * 255).rounded()))
        picture[column, row] = below
        for (tile, overlay) in overlays.enumerated() {
          picture[(tile + 1) * (size.width + gap) + column, row] =
            below.overlaid(withClass: overlay[index])
        }
      }
    }
    return picture
  }
}
