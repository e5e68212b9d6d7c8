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
        try check(array, maximum)
        try readArray(array.format, 0, array.elements, maximum, growingAxis: nil, metadata)
      }
    case .extensibleArray(let address):
      guard let axis = maximum.firstIndex(of: nil) else {
        throw Fault(.hdf5Corrupt, "an index that grows finds chunks of bounded extents")
      }
      if let address {
        let array = try HDF5ExtensibleArray(at: address, in: metadata)
        for (start, elements) in array.runs {
          try readArray(array.format, start, elements, maximum, growingAxis: axis, metadata)
        }
      }
    case .records(let address):
      if let address { try readRecords(at: address, metadata) }
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

  private mutating func readRecords(at address: UInt64, _ metadata: HDF5Metadata) throws {
    let isFiltered = !pipeline.filters.isEmpty
    // An address and the chunk's place; between them, when it went through filters, its size and
    // the filters that it did not go through.
    let fixedByteCount = 8 + 8 * grid.shape.rank
    let tree = try HDF5RecordTree(
      at: address, kind: isFiltered ? .filteredChunks : .chunks,
      recordByteCounts: isFiltered
        ? fixedByteCount + 5...fixedByteCount + 12
        : fixedByteCount...fixedByteCount, in: metadata)
    for record in tree.records {
      var cursor = record
      guard let chunk = try cursor.address() else { continue }
      var (byteCount, skipped) = (grid.chunkByteCount, UInt32(0))
      if isFiltered {
        byteCount = try cursor.length(byteCount: tree.recordByteCount - fixedByteCount - 4)
        skipped = try cursor.u32()
      }
      let place = try (0..<grid.shape.rank).map { _ in try cursor.u64() }
      guard let cell = grid.cell(numbered: place) else {
        throw record.fault("a chunk at place \(place) does not fit the grid")
      }
      try add(cell, chunk, byteCount, skipped, metadata)
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
      let (offset, overflow) = try grid.number(of: cell, in: maximum)
        .multipliedReportingOverflow(by: UInt64(grid.chunkByteCount))
      try add(
        cell, overflow ? .max : address &+ offset, grid.chunkByteCount, 0, metadata)
    }
  }

  /// An array that cannot grow has an element for every chunk.
  private func check(_ array: HDF5FixedArray, _ maximum: [UInt64?]) throws {
    let last = try grid.number(of: grid.cellCount - 1, in: maximum)
    guard last < UInt64(array.elements.count) else {
      throw Fault(
        .hdf5Corrupt, "the chunk index has \(array.elements.count) entries, no \(last)")
    }
  }

  /// Goes through the elements and not through the cells: those lie in the file, these are only
  /// declared.
  private mutating func readArray(
    _ format: HDF5ChunkElementFormat, _ start: UInt64, _ elements: [HDF5ChunkElement],
    _ maximum: [UInt64?], growingAxis: Int?, _ metadata: HDF5Metadata
  ) throws {
    guard format.isFiltered == !pipeline.filters.isEmpty else {
      throw Fault(.hdf5Corrupt, "the chunk index and the filters contradict each other")
    }
    for (number, element) in zip(start..., elements) {
      guard let address = element.address,
        let cell = try grid.cell(number: number, in: maximum, growingAxis: growingAxis)
      else { continue }
      try add(
        cell, address, element.byteCount ?? grid.chunkByteCount, element.skippedFilters, metadata)
    }
  }
}
