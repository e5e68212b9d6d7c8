import Diagnostics
import Files

extension HDF5ChunkTable {
  /// Every element of the dataset, row by row; what was never written is zero.
  ///
  /// - Throws: `hdf5-chunk`.
  func read(from file: MappedFile, byteCount: Int) throws -> [UInt8] {
    var target = [UInt8](repeating: 0, count: byteCount)
    for chunk in chunks {
      let place = Fault.Place(byteOffset: UInt64(chunk.range.lowerBound))
      let bytes = try located(in: place) {
        try file.withAllBytes(in: chunk.range) {
          try pipeline.decode(
            $0, skipped: chunk.skippedFilters, byteCount: grid.chunkByteCount,
            elementByteCount: grid.elementByteCount)
        }
      }
      scatter(bytes, of: chunk.cell, into: &target)
    }
    return target
  }

  /// Copies the part of a chunk that lies within the extents, run by run along the last axis.
  private func scatter(_ bytes: [UInt8], of cell: Int, into target: inout [UInt8]) {
    let start = grid.start(of: cell)
    let extents = grid.shape.extents
    let rank = extents.count
    let inside = (0..<rank).map { min(grid.chunkExtents[$0], extents[$0] - start[$0]) }
    let runByteCount = inside[rank - 1] * grid.elementByteCount
    var index = Array(repeating: 0, count: rank - 1)
    bytes.withUnsafeBytes { source in
      target.withUnsafeMutableBytes { target in
        while true {
          var (from, to) = (0, 0)
          for axis in 0..<rank - 1 {
            from = from * grid.chunkExtents[axis] + index[axis]
            to = to * extents[axis] + start[axis] + index[axis]
          }
          from *= grid.chunkExtents[rank - 1] * grid.elementByteCount
          to = (to * extents[rank - 1] + start[rank - 1]) * grid.elementByteCount
          let run = UnsafeRawBufferPointer(rebasing: source[from..<from + runByteCount])
          UnsafeMutableRawBufferPointer(rebasing: target[to..<to + runByteCount])
            .copyMemory(from: run)
          guard HDF5ChunkTable.advance(&index, within: inside) else { return }
        }
      }
    }
  }

  /// The next index in row-major order, or false after the last.
  private static func advance(_ index: inout [Int], within extents: [Int]) -> Bool {
    for axis in index.indices.reversed() {
      index[axis] += 1
      if index[axis] < extents[axis] { return true }
      index[axis] = 0
    }
    return false
  }
}
