import Diagnostics
import Tensors

/// How the chunks of a dataset tile its extents. Chunks on the far edges may reach beyond them.
struct HDF5ChunkGrid: Sendable {
  let shape: Shape
  let chunkExtents: [Int]
  let elementByteCount: Int
  /// The bytes of one chunk, decoded.
  let chunkByteCount: Int
  /// Chunks along each axis.
  let counts: [Int]
  let cellCount: Int

  /// - Throws: `hdf5-corrupt`, `hdf5-limit`.
  init(
    shape: Shape, chunkExtents: [Int], elementByteCount: Int, limits: HDF5Limits
  ) throws {
    guard chunkExtents.count == shape.rank else {
      throw Fault(.hdf5Corrupt, "chunks of \(chunkExtents.count) axes tile \(shape.rank) axes")
    }
    var byteCount = elementByteCount
    for extent in chunkExtents {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= limits.chunkByteCount else {
        throw Fault(
          .hdf5Limit, "a chunk of extents \(chunkExtents) exceeds \(limits.chunkByteCount) bytes",
          remedy: "write the dataset with smaller chunks")
      }
      byteCount = product
    }
    self.shape = shape
    self.chunkExtents = chunkExtents
    self.elementByteCount = elementByteCount
    chunkByteCount = byteCount
    counts = zip(shape.extents, chunkExtents).map { extent, chunk in
      extent / chunk + (extent.isMultiple(of: chunk) ? 0 : 1)
    }
    // No overflow: there are at most as many chunks as elements, unless there are no elements.
    cellCount = shape.elementCount == 0 ? 0 : counts.reduce(1, *)
  }

  /// The number of the chunk that starts at `offset`, counting row by row, or nil when none does.
  func cell(at offset: [UInt64]) -> Int? {
    var cell = 0
    for (axis, start) in offset.enumerated() {
      guard let start = Int(exactly: start), start < shape[axis],
        start.isMultiple(of: chunkExtents[axis])
      else { return nil }
      cell = cell * counts[axis] + start / chunkExtents[axis]
    }
    return cell
  }

  /// Where the chunk `cell` starts.
  func start(of cell: Int) -> [Int] {
    var rest = cell
    var start = Array(repeating: 0, count: counts.count)
    for axis in counts.indices.reversed() {
      start[axis] = rest % counts[axis] * chunkExtents[axis]
      rest /= counts[axis]
    }
    return start
  }
}
