import Glibc

/// The interpolating cubic B-spline of a volume whose edge continues outwards: scipy's
/// `map_coordinates(order=3, mode="nearest")`.
///
/// The coefficients come from a recursive filter along each axis (Unser, "Splines: A Perfect Fit for
/// Signal and Image Processing", 1999), over a margin that the spline's ringing dies down in.
struct CubicSampler: Sendable {
  /// As scipy's.
  private static let margin = 12

  private let coefficients: [Float]
  private let counts: [Int]

  init(_ values: [Float], _ extents: VolumeExtents) {
    let counts = extents.counts.map { $0 + 2 * CubicSampler.margin }
    self.counts = counts
    let inner = concurrentMap(extents.depth) { slice in
      CubicSampler.filteredPlane(values, extents, slice: slice)
    }
    var padded: [Float] = []
    padded.reserveCapacity(counts[0] * counts[1] * counts[2])
    for slice in 0..<counts[2] {
      padded += inner[clamp(slice - CubicSampler.margin, extents.depth)]
    }
    SplineFilter.apply(to: &padded, width: counts[0] * counts[1])
    coefficients = padded
  }

  /// One slice with its margin, filtered along both of its axes.
  private static func filteredPlane(
    _ values: [Float], _ extents: VolumeExtents, slice: Int
  ) -> [Float] {
    let columns = (0..<extents.width).map { column in
      let start = extents.index(0, column, slice)
      var line = (0..<extents.height + 2 * margin).map { row in
        values[start + clamp(row - margin, extents.height)]
      }
      SplineFilter.apply(to: &line, width: 1)
      return line
    }
    var padded: [Float] = []
    for column in 0..<extents.width + 2 * margin {
      padded += columns[clamp(column - margin, extents.width)]
    }
    SplineFilter.apply(to: &padded, width: extents.height + 2 * margin)
    return padded
  }

  /// - Parameters: coordinates in the volume's indices, anywhere.
  func value(_ x: Double, _ y: Double, _ z: Double) -> Float {
    let (i, u) = place(x, counts[0])
    let (j, v) = place(y, counts[1])
    let (k, w) = place(z, counts[2])
    var sum: Double = 0
    for slice in 0..<4 {
      let plane = clamp(k + slice, counts[2]) * counts[1]
      var planeSum: Double = 0
      for column in 0..<4 {
        let start = (plane + clamp(j + column, counts[1])) * counts[0]
        var lineSum: Double = 0
        for row in 0..<4 {
          lineSum += u[row] * Double(coefficients[start + clamp(i + row, counts[0])])
        }
        planeSum += v[column] * lineSum
      }
      sum += w[slice] * planeSum
    }
    return Float(sum)
  }

  /// The first of the four coefficients around a coordinate, and their weights.
  @inline(__always)
  private func place(_ coordinate: Double, _ count: Int) -> (first: Int, weights: SIMD4<Double>) {
    let padded = min(max(coordinate + Double(CubicSampler.margin), 0), Double(count - 1))
    let below = padded.rounded(.down)
    let t = padded - below
    let s = 1 - t
    let weights = SIMD4(
      s * s * s, 4 - 6 * t * t + 3 * t * t * t, 4 - 6 * s * s + 3 * s * s * s, t * t * t)
    return (Int(below) - 1, weights / 6)
  }
}

@inline(__always)
private func clamp(_ index: Int, _ count: Int) -> Int { min(max(index, 0), count - 1) }

/// The recursive filter that turns samples into cubic B-spline coefficients.
private enum SplineFilter {
  static let pole = 3.0.squareRoot() - 2

  /// Filters along the slower of two axes of `values`, `[count][width]`.
  static func apply(to values: inout [Float], width: Int) {
    let count = values.count / width
    guard count > 1 else { return }
    let pole = Float(pole)
    var span = values.mutableSpan
    // The first line has continued for ever.
    for place in 0..<width { span[place] = span[place] * 6 / (1 - pole) }
    for place in width..<count * width {
      span[place] = span[place] * 6 + pole * span[place - width]
    }
    // Mirrored about its outer edge, which a constant end makes the same.
    let last = (count - 1) * width
    for place in last..<last + width { span[place] = span[place] * pole / (pole - 1) }
    for place in stride(from: last - 1, through: 0, by: -1) {
      span[place] = pole * (span[place + width] - span[place])
    }
  }
}
