/// Resizes planes of one size to another by bilinear interpolation with half-pixel centres and
/// without antialiasing: PyTorch's `F.interpolate(mode="bilinear", align_corners=False)`.
///
/// Output pixel i samples the input at (i + ½) · in / out − ½, clamped to its edges. Between equal
/// sizes nothing is computed and nothing changes.
package struct BilinearResampler: Sendable {
  package let source: PlaneSize
  package let target: PlaneSize
  private let rows: [Sample]
  private let columns: [Sample]

  /// One output coordinate: a mix of two neighbouring input coordinates.
  private struct Sample: Sendable {
    let lower: Int
    let upper: Int
    let upperWeight: Float
  }

  package init(from source: PlaneSize, to target: PlaneSize) {
    precondition(source.height > 0 && source.width > 0, "nothing to sample")
    self.source = source
    self.target = target
    rows = BilinearResampler.samples(source.height, target.height)
    columns = BilinearResampler.samples(source.width, target.width)
  }

  package func resized(_ plane: Plane) -> Plane {
    precondition(plane.size == source, "the plane has another size")
    guard source != target else { return plane }
    return Plane(size: target, values: resized(plane.values.span))
  }

  /// - Parameter values: row-major `[source.height, source.width]`.
  /// - Returns: row-major `[target.height, target.width]`.
  package func resized(_ values: borrowing Span<Float>) -> [Float] {
    precondition(values.count == source.pixelCount, "the plane has another size")
    var result: [Float] = []
    result.reserveCapacity(target.pixelCount)
    if source == target {
      for index in values.indices { result.append(values[index]) }
      return result
    }
    for row in rows {
      let (upper, lower) = (row.lower * source.width, row.upper * source.width)
      for column in columns {
        let weight = column.upperWeight
        let above =
          (1 - weight) * values[upper + column.lower] + weight * values[upper + column.upper]
        let below =
          (1 - weight) * values[lower + column.lower] + weight * values[lower + column.upper]
        result.append((1 - row.upperWeight) * above + row.upperWeight * below)
      }
    }
    return result
  }

  /// In 32 bits like PyTorch, so that the weights are the same to the last bit.
  private static func samples(_ source: Int, _ target: Int) -> [Sample] {
    let scale = Float(source) / Float(target)
    return (0..<target).map { index in
      let position = max(0, (Float(index) + 0.5) * scale - 0.5)
      let lower = min(Int(position), source - 1)
      return Sample(
        lower: lower, upper: min(lower + 1, source - 1),
        upperWeight: min(max(position - Float(lower), 0), 1))
    }
  }
}
