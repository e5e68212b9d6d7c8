/// Tells how far voxels lie from the nearest voxel of a surface: exact Euclidean distances.
///
/// Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions" (2012), cut down to what
/// is asked: squared distances are computed along the first axis and, by lower envelopes of parabolas,
/// along the second, plane by plane and only where queries lie; along the third each query looks
/// outwards from its own plane until no farther plane can be nearer.
struct SurfaceDistanceMap {
  private let grid: QueryGrid
  /// For each plane from `firstPlane` on, squared distances within the plane, `[row][column]` of the
  /// queries' bounding box; nil for planes without surface.
  private let planes: [[Float]?]
  private let firstPlane: Int

  /// - Parameters:
  ///   - surface: ascending places, at least one.
  ///   - queries: the places that will be asked for, at least one.
  ///   - spacing: between voxels along the three axes.
  init(surface: [Int], queries: [Int], extents: VolumeExtents, spacing: [Double]) {
    let grid = QueryGrid(queries, extents: extents, spacing: spacing)
    self.grid = grid
    let sliceLength = extents.plane.pixelCount
    let first = (surface.first ?? 0) / sliceLength
    let last = (surface.last ?? 0) / sliceLength
    var starts: [Int] = []
    for plane in first...last + 1 {
      var start = starts.last ?? 0
      while start < surface.count, surface[start] < plane * sliceLength { start += 1 }
      starts.append(start)
    }
    firstPlane = first
    let ends = starts
    planes = concurrentMap(last - first + 1) { index in
      let sites = surface[ends[index]..<ends[index + 1]]
      return sites.isEmpty ? nil : PlaneDistances(sites, grid: grid).squares()
    }
  }

  /// The distance of each of `queries` from the surface, in the spacing's unit.
  func distances(of queries: [Int]) -> [Float] {
    let pieces = evenRanges(queries.count, pieces: 64)
    return concurrentMap(pieces.count) { piece in pieces[piece].map { distance(of: queries[$0]) } }
      .flatMap { $0 }
  }

  private func distance(of query: Int) -> Float {
    let (row, column, slice) = grid.extents.coordinates(of: query)
    let place = grid.place(row, column)
    let lastPlane = firstPlane + planes.count - 1
    let thickness = grid.spacing[2]
    var best = Double.infinity
    // From the nearest plane that there is, outwards.
    var step = max(0, firstPlane - slice, slice - lastPlane)
    while slice - step >= firstPlane || slice + step <= lastPlane {
      let depth = Double(step) * thickness
      guard depth * depth < best else { break }
      for plane in step == 0 ? [slice] : [slice - step, slice + step]
      where plane >= firstPlane && plane <= lastPlane {
        guard let squares = planes[plane - firstPlane] else { continue }
        best = min(best, Double(squares[place]) + depth * depth)
      }
      step += 1
    }
    return Float(best.squareRoot())
  }
}

/// Where in a slice queries lie: a bounding box, and which of its rows hold any.
struct QueryGrid: Sendable {
  let extents: VolumeExtents
  let spacing: [Double]
  private(set) var rows: ClosedRange<Int>
  private(set) var columns: ClosedRange<Int>
  /// Whether any query lies in a row of the box.
  private(set) var isAsked: [Bool]

  init(_ queries: [Int], extents: VolumeExtents, spacing: [Double]) {
    self.extents = extents
    self.spacing = spacing
    var (low, high) = (Int.max, Int.min)
    var (left, right) = (Int.max, Int.min)
    var asked = [Bool](repeating: false, count: extents.height)
    for query in queries {
      let (row, column, _) = extents.coordinates(of: query)
      (low, high) = (min(low, row), max(high, row))
      (left, right) = (min(left, column), max(right, column))
      asked[row] = true
    }
    rows = min(low, high)...max(low, high)
    columns = min(left, right)...max(left, right)
    isAsked = Array(asked[rows])
  }

  @inline(__always)
  func place(_ row: Int, _ column: Int) -> Int {
    (row - rows.lowerBound) * columns.count + column - columns.lowerBound
  }
}

extension VolumeExtents {
  /// The inverse of `index`.
  @inline(__always)
  func coordinates(of index: Int) -> (row: Int, column: Int, slice: Int) {
    let (slice, rest) = index.quotientAndRemainder(dividingBy: height * width)
    let (column, row) = rest.quotientAndRemainder(dividingBy: height)
    return (row, column, slice)
  }
}

/// The distances within one plane that holds surface.
private struct PlaneDistances {
  let grid: QueryGrid
  /// The columns with surface, each with the ascending rows of its surface voxels.
  let sites: [(column: Int, rows: [Int])]

  init(_ surface: ArraySlice<Int>, grid: QueryGrid) {
    self.grid = grid
    var sites: [(column: Int, rows: [Int])] = []
    for index in surface {
      let (row, column, _) = grid.extents.coordinates(of: index)
      if sites.last?.column == column {
        sites[sites.count - 1].rows.append(row)
      } else {
        sites.append((column, [row]))
      }
    }
    self.sites = sites
  }

  /// Squared distances to the plane's surface, `[row][column]` of the queries' box.
  func squares() -> [Float] {
    let along = sites.map { squaresAlongFirstAxis($0.rows) }
    let positions = sites.map { Double($0.column) * grid.spacing[1] }
    var envelope = ParabolaEnvelope(capacity: sites.count)
    var result = [Float](repeating: .infinity, count: grid.rows.count * grid.columns.count)
    for row in 0..<grid.rows.count where grid.isAsked[row] {
      envelope.removeAll()
      for site in sites.indices {
        envelope.add(position: positions[site], height: along[site][row])
      }
      envelope.evaluate(
        columns: grid.columns, spacing: grid.spacing[1], into: &result,
        from: row * grid.columns.count)
    }
    return result
  }

  /// From each row of the box to the nearest of `rows`, squared.
  private func squaresAlongFirstAxis(_ rows: [Int]) -> [Double] {
    var next = 0
    return grid.rows.map { row in
      while next + 1 < rows.count, abs(rows[next + 1] - row) <= abs(rows[next] - row) { next += 1 }
      let distance = Double(rows[next] - row) * grid.spacing[0]
      return distance * distance
    }
  }
}

/// The lower envelope of parabolas height + (x − position)².
struct ParabolaEnvelope {
  private var positions: [Double]
  private var heights: [Double]
  /// Where each parabola begins to be the lowest.
  private var starts: [Double]
  private var count = 0

  init(capacity: Int) {
    positions = [Double](repeating: 0, count: capacity)
    heights = positions
    starts = positions
  }

  mutating func removeAll() { count = 0 }

  /// - Parameter position: larger than that of every parabola before.
  mutating func add(position: Double, height: Double) {
    var start = -Double.infinity
    while count > 0 {
      let last = count - 1
      // Where both are equally high.
      let difference = position - positions[last]
      start = 0.5 * ((height - heights[last]) / difference + position + positions[last])
      if start > starts[last] { break }
      count = last
      start = -.infinity
    }
    positions[count] = position
    heights[count] = height
    starts[count] = start
    count += 1
  }

  /// Writes the envelope's value at each of `columns`, from place `start` of `output` on.
  func evaluate(
    columns: ClosedRange<Int>, spacing: Double, into output: inout [Float], from start: Int
  ) {
    var index = 0
    for (offset, column) in columns.enumerated() {
      let x = Double(column) * spacing
      while index + 1 < count, starts[index + 1] < x { index += 1 }
      let distance = x - positions[index]
      output[start + offset] = Float(heights[index] + distance * distance)
    }
  }
}
