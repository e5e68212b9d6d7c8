/// The voxels at the surface of each class: those of which one of the six neighbours has another
/// class or lies outside the volume.
///
/// As a mask this is scipy's `mask ^ binary_erosion(mask)`, which MONAI measures distances between.
struct LabelSurfaces: Sendable {
  let extents: VolumeExtents
  /// For each class, ascending places in the volume (see ``VolumeExtents/index(_:_:_:)``).
  let voxels: [[Int]]

  /// - Parameters:
  ///   - classCount: no label is as large.
  ///   - includingBackground: whether class 0 gets a surface; its list is empty otherwise.
  init(of volume: LabelVolume, classCount: Int, includingBackground: Bool) {
    extents = volume.extents
    let firstClass: Int32 = includingBackground ? 0 : 1
    let parts = concurrentMap(extents.depth) { slice in
      var sweep = SurfaceSweep(volume, classCount: classCount, firstClass: firstClass)
      sweep.run(slice)
      return sweep.found
    }
    voxels = (0..<classCount).map { index in
      var list: [Int] = []
      list.reserveCapacity(parts.reduce(0) { $0 + $1[index].count })
      for part in parts { list += part[index] }
      return list
    }
  }
}

/// Finds the surface voxels of one slice, row by row.
private struct SurfaceSweep {
  let volume: LabelVolume
  let firstClass: Int32
  var found: [[Int]]
  /// For each voxel of a row, all bits set where a neighbour differs.
  private var differences: [Int32]

  init(_ volume: LabelVolume, classCount: Int, firstClass: Int32) {
    self.volume = volume
    self.firstClass = firstClass
    found = [[Int]](repeating: [], count: classCount)
    differences = [Int32](repeating: 0, count: volume.extents.height)
  }

  mutating func run(_ slice: Int) {
    let extents = volume.extents
    let (rowLength, sliceLength) = (extents.height, extents.plane.pixelCount)
    for column in 0..<extents.width {
      let start = extents.index(0, column, slice)
      let atBorder =
        column == 0 || column == extents.width - 1 || slice == 0 || slice == extents.depth - 1
      if atBorder {
        for row in 0..<rowLength { collect(start + row) }
      } else if compare(start, with: [rowLength, -rowLength, sliceLength, -sliceLength]) {
        collectDifferences(start)
      } else {
        collect(start)
        if rowLength > 1 { collect(start + rowLength - 1) }
      }
    }
  }

  /// Notes where the row at `start` differs from the rows at `offsets`, and from itself one voxel on.
  ///
  /// - Returns: whether it does anywhere.
  private mutating func compare(_ start: Int, with offsets: [Int]) -> Bool {
    let volume = volume
    let labels = volume.labels.span
    let count = differences.count
    var row = differences.mutableSpan
    let own = labels.extracting(start..<start + count)
    let (a, b) = (
      labels.extracting(start + offsets[0]..<start + offsets[0] + count),
      labels.extracting(start + offsets[1]..<start + offsets[1] + count)
    )
    let (c, d) = (
      labels.extracting(start + offsets[2]..<start + offsets[2] + count),
      labels.extracting(start + offsets[3]..<start + offsets[3] + count)
    )
    var any: Int32 = 0
    // In bounds: all spans have `count` elements.
    for index in 0..<count {
      let label = own[unchecked: index]
      let difference =
        (label ^ a[unchecked: index]) | (label ^ b[unchecked: index])
        | (label ^ c[unchecked: index]) | (label ^ d[unchecked: index])
      row[unchecked: index] = difference
      any |= difference
    }
    for index in 1..<max(1, count) {
      let difference = own[unchecked: index] ^ own[unchecked: index - 1]
      row[unchecked: index] |= difference
      row[unchecked: index - 1] |= difference
      any |= difference
    }
    return any != 0
  }

  private mutating func collectDifferences(_ start: Int) {
    let last = differences.count - 1
    for row in 0...last where differences[row] != 0 || row == 0 || row == last {
      collect(start + row)
    }
  }

  private mutating func collect(_ index: Int) {
    let label = volume.labels[index]
    if label >= firstClass { found[Int(label)].append(index) }
  }
}
