import Diagnostics

/// Where windows of one size lie over a volume: MONAI's `dense_patch_slices` as
/// `sliding_window_inference` uses it.
///
/// Along each axis windows begin every ⌊size · (1 − overlap)⌋ voxels (at least 1), the last one drawn
/// back so that it ends with the volume. A volume that is smaller than the window is padded, the
/// larger half behind.
package struct WindowGrid: Sendable, Hashable {
  /// Of the volume itself.
  package let extents: VolumeExtents
  /// Of every window.
  package let window: VolumeExtents
  /// Voxels put before the volume along each axis.
  let paddingBefore: [Int]
  /// Along each axis where windows begin, ascending, in the padded volume.
  let starts: [[Int]]

  /// - Parameters:
  ///   - window: the window's three sizes; one of 0 or less takes the volume's own.
  ///   - overlap: the share of the window that its neighbour covers again, along each axis.
  /// - Throws: `usage` when an overlap does not lie in 0..<1, and what `VolumeExtents` throws.
  package init(over extents: VolumeExtents, window: [Int], overlap: [Double]) throws {
    guard window.count == 3 else {
      throw Fault(.usage, "a window has three sizes, not \(window.count)")
    }
    guard overlap.count == 3, overlap.allSatisfy({ $0 >= 0 && $0 < 1 }) else {
      throw Fault(
        .usage, "windows overlap by a share of their size, from 0 to less than 1",
        remedy: "give an overlap such as 0.25")
    }
    let counts = extents.counts
    let sizes = zip(window, counts).map { $0 > 0 ? $0 : $1 }
    self.extents = extents
    self.window = try VolumeExtents(height: sizes[0], width: sizes[1], depth: sizes[2])
    paddingBefore = zip(sizes, counts).map { max(0, $0 - $1) / 2 }
    starts = (0..<3).map { axis in
      WindowGrid.starts(
        length: max(sizes[axis], counts[axis]), window: sizes[axis], overlap: overlap[axis])
    }
    // The padded volume can be counted, too.
    let padded = zip(sizes, counts).map { max($0, $1) }
    _ = try VolumeExtents(height: padded[0], width: padded[1], depth: padded[2])
  }

  private static func starts(length: Int, window: Int, overlap: Double) -> [Int] {
    guard window < length else { return [0] }
    let interval = max(1, Int(Double(window) * (1 - overlap)))
    var starts: [Int] = []
    var start = 0
    while start + window < length {
      starts.append(start)
      start += interval
    }
    return starts + [length - window]
  }

  package var windowCount: Int { starts.reduce(1) { $0 * $1.count } }

  /// The volume with its padding.
  var paddedCounts: [Int] { zip(window.counts, extents.counts).map { max($0, $1) } }

  /// Where the windows of one layer begin in the padded volume: those that begin at `start` along
  /// `axis`; the last axis fastest, in MONAI's order.
  func origins(along axis: Int, at start: Int) -> [[Int]] {
    var starts = starts
    starts[axis] = [start]
    return starts[0].flatMap { row in
      starts[1].flatMap { column in starts[2].map { [row, column, $0] } }
    }
  }
}
