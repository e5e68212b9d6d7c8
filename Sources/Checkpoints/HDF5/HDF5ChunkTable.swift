import Diagnostics

/// One stored chunk of a dataset.
struct HDF5Chunk: Sendable {
  /// Its number in the grid, counting row by row.
  let cell: Int
  /// Where its bytes lie in the file.
  let range: Range<Int>
  /// A bit for every filter of the pipeline that this chunk did not go through.
  let skippedFilters: UInt32
}

/// Every stored chunk of a dataset, in ascending order of its cell.
struct HDF5ChunkTable: Sendable {
  let grid: HDF5ChunkGrid
  let pipeline: HDF5FilterPipeline
  private(set) var chunks: [HDF5Chunk] = []

  /// - Parameter maximum: the extents that the dataset may grow to; nil is without bound.
  /// - Throws: `hdf5-corrupt`, `hdf5-extent`, `hdf5-cycle`, `hdf5-unsupported`.
  init(
    _ index: HDF5ChunkedLayout.Index, grid: HDF5ChunkGrid, pipeline: HDF5FilterPipeline,
    maximum: [UInt64?], in metadata: HDF5Metadata
  ) throws {
    self.grid = grid
    self.pipeline = pipeline
    guard grid.cellCount > 0 else { return }
    switch index {
    case .tree(let address):
      if let address { try readTree(at: address, level: nil, metadata) }
    case .single(let address, let byteCount, let skipped):
      guard grid.cellCount == 1 else {
        throw Fault(.hdf5Corrupt, "one chunk is stored where the extents need \(grid.cellCount)")
      }
      if let address {
        try add(0, address, byteCount ?? grid.chunkByteCount, skipped, metadata)
      }
    case .consecutive(let address):
      if let address { try readConsecutive(from: address, maximum, metadata) }
    case .fixedArray(let address):
      if let address {
        let array = try HDF5FixedArray(at: address, in: metadata)
        try readFixedArray(array, maximum, metadata)
      }
    }
    chunks.sort { $0.cell < $1.cell }
    for (chunk, next) in zip(chunks, chunks.dropFirst()) where chunk.cell == next.cell {
      throw Fault(
        .hdf5Corrupt, "the chunk at \(grid.start(of: chunk.cell)) is stored twice",
        at: .init(byteOffset: UInt64(next.range.lowerBound)))
    }
  }

  private mutating func add(
    _ cell: Int, _ address: UInt64, _ byteCount: Int, _ skippedFilters: UInt32,
    _ metadata: HDF5Metadata
  ) throws {
    let range = try metadata.range(at: address, count: byteCount, subject: "chunk")
    let chunk = HDF5Chunk(cell: cell, range: range, skippedFilters: skippedFilters)
    let fits = pipeline.canStore(
      grid.chunkByteCount, in: byteCount, skipped: skippedFilters)
    guard fits else {
      throw Fault(
        .hdf5Extent,
        "the chunk at \(grid.start(of: cell)) has \(byteCount) bytes, which cannot hold the "
          + "\(grid.chunkByteCount) of its extents",
        at: .init(byteOffset: UInt64(range.lowerBound)))
    }
    chunks.append(chunk)
  }

  private mutating func readTree(
    at address: UInt64, level: UInt8?, _ metadata: HDF5Metadata
  ) throws {
    let axisCount = grid.shape.rank
    let node = try HDF5TreeNode(
      at: address, kind: .chunks, level: level, keyByteCount: 8 + 8 * (axisCount + 1),
      in: metadata)
    for entry in node.entries {
      guard node.level == 0 else {
        try readTree(at: entry.child, level: node.level - 1, metadata)
        continue
      }
      var key = entry.key
      let byteCount = try key.length(byteCount: 4)
      let skipped = try key.u32()
      let offset = try (0..<axisCount).map { _ in try key.u64() }
      guard let cell = grid.cell(at: offset), try key.u64() == 0 else {
        throw entry.key.fault("a chunk at \(offset) does not fit the grid")
      }
      try add(cell, entry.child, byteCount, skipped, metadata)
    }
  }

  // MARK: Indexes that number the chunks of the greatest extents

  private mutating func readConsecutive(
    from address: UInt64, _ maximum: [UInt64?], _ metadata: HDF5Metadata
  ) throws {
    guard pipeline.filters.isEmpty else {
      throw Fault(.hdf5Corrupt, "chunks without sizes of their own went through filters")
    }
    for cell in 0..<grid.cellCount {
      let (offset, overflow) = try position(of: cell, maximum).multipliedReportingOverflow(
        by: UInt64(grid.chunkByteCount))
      try add(
        cell, overflow ? .max : address &+ offset, grid.chunkByteCount, 0, metadata)
    }
  }

  private mutating func readFixedArray(
    _ array: HDF5FixedArray, _ maximum: [UInt64?], _ metadata: HDF5Metadata
  ) throws {
    guard array.isFiltered == !pipeline.filters.isEmpty else {
      throw Fault(.hdf5Corrupt, "the chunk index and the filters contradict each other")
    }
    for cell in 0..<grid.cellCount {
      let position = try position(of: cell, maximum)
      guard position < UInt64(array.elements.count) else {
        throw Fault(
          .hdf5Corrupt, "the chunk index has \(array.elements.count) entries, no \(position)")
      }
      let element = array.elements[Int(position)]
      guard let address = element.address else { continue }
      try add(
        cell, address, element.byteCount ?? grid.chunkByteCount, element.skippedFilters, metadata)
    }
  }

  /// The number of the chunk in a grid over `maximum`.
  private func position(of cell: Int, _ maximum: [UInt64?]) throws -> UInt64 {
    var position: UInt64 = 0
    for (axis, start) in grid.start(of: cell).enumerated() {
      let extent = UInt64(grid.chunkExtents[axis])
      guard let maximum = maximum[axis] else {
        throw Fault(.hdf5Corrupt, "an index of fixed size finds chunks of boundless extents")
      }
      let count = maximum / extent + (maximum.isMultiple(of: extent) ? 0 : 1)
      let (product, overflow) = position.multipliedReportingOverflow(by: count)
      let (sum, carry) = product.addingReportingOverflow(UInt64(start) / extent)
      guard !overflow, !carry else {
        throw Fault(.hdf5Corrupt, "the greatest extents have more chunks than 64 bits can count")
      }
      position = sum
    }
    return position
  }
}
