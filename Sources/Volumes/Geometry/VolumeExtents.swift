import Diagnostics

/// How many voxels a volume has along each axis of its file.
///
/// The names are those of the command line's `H,W,D`: height is NIfTI's first axis, width its
/// second, depth its third, along which the slices lie.
package struct VolumeExtents: Sendable, Hashable {
  package let height: Int
  package let width: Int
  package let depth: Int

  /// - Throws: `invalid-dimensions` when an extent is not positive or the voxels cannot be counted.
  package init(height: Int, width: Int, depth: Int) throws {
    guard height > 0, width > 0, depth > 0 else {
      throw Fault(
        .invalidDimensions,
        "a volume of \(height) × \(width) × \(depth) voxels has an axis without voxels")
    }
    let plane = height.multipliedReportingOverflow(by: width)
    let volume = plane.partialValue.multipliedReportingOverflow(by: depth)
    guard !plane.overflow, !volume.overflow else {
      throw Fault(
        .invalidDimensions,
        "a volume of \(height) × \(width) × \(depth) voxels is larger than any memory")
    }
    self.height = height
    self.width = width
    self.depth = depth
  }

  /// Along the first, second and third axis.
  var counts: [Int] { [height, width, depth] }

  package var voxelCount: Int { height * width * depth }

  /// The size of one axial slice.
  package var plane: PlaneSize { PlaneSize(height: height, width: width) }

  /// The place of a voxel among the volume's values: the first axis runs fastest, as in the file.
  @inline(__always)
  package func index(_ row: Int, _ column: Int, _ slice: Int) -> Int {
    row + height * (column + width * slice)
  }

  /// The voxel at a place among the values, for messages: `(12, 30, 4)`.
  func voxelName(at index: Int) -> String {
    "(\(index % height), \(index / height % width), \(index / (height * width)))"
  }
}

extension VolumeExtents: CustomStringConvertible {
  package var description: String { "\(height) × \(width) × \(depth)" }
}
