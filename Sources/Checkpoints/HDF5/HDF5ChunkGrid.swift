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

  /// The number of the chunk with these coordinates, counted in chunks, or nil when there is none.
  func cell(numbered place: [UInt64]) -> Int? {
    var cell = 0
    for (axis, coordinate) in place.enumerated() {
      guard let coordinate = Int(exactly: coordinate), coordinate < counts[axis] else {
        return nil
      }
      cell = cell * counts[axis] + coordinate
    }
    return cell
  }

  /// The number that the chunk `cell` has in a grid over the `maximum` extents, as the indexes that
  /// number chunks count them.
  ///
  /// - Throws: `hdf5-corrupt` when an axis has no bound.
  func number(of cell: Int, in maximum: [UInt64?]) throws -> UInt64 {
    let start = start(of: cell)
    var number: UInt64 = 0
    for axis in start.indices {
      let count = try greatestCount(axis, maximum)
      let (product, overflow) = number.multipliedReportingOverflow(by: count)
      let (sum, carry) = product.addingReportingOverflow(UInt64(start[axis] / chunkExtents[axis]))
      guard !overflow, !carry else {
        throw Fault(.hdf5Corrupt, "the greatest extents have more chunks than 64 bits can count")
      }
      number = sum
    }
    return number
  }

  /// The chunk of this number in a grid over the `maximum` extents, or nil when it lies beyond the
  /// present extents.
  ///
  /// - Parameter growingAxis: the axis without bound, which counts as the outermost one.
  /// - Throws: `hdf5-corrupt` when another axis has no bound.
  func cell(number: UInt64, in maximum: [UInt64?], growingAxis: Int?) throws -> Int? {
    var rest = number
    var place = [UInt64](repeating: 0, count: counts.count)
    for axis in counts.indices.reversed() where axis != growingAxis {
      let count = try greatestCount(axis, maximum)
      guard count > 0 else { return nil }
      place[axis] = rest % count
      rest /= count
    }
    if let growingAxis {
      place[growingAxis] = rest
    } else if rest > 0 {
      return nil
    }
    return cell(numbered: place)
  }

  private func greatestCount(_ axis: Int, _ maximum: [UInt64?]) throws -> UInt64 {
    guard let maximum = maximum[axis] else {
      throw Fault(.hdf5Corrupt, "the chunk index is not one for extents without bound")
    }
    let extent = UInt64(chunkExtents[axis])
    return maximum / extent + (maximum.isMultiple(of: extent) ? 0 : 1)
  }
}
