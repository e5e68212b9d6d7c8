/// Resizes planes of labels, which cannot be mixed: every output pixel takes the input pixel that
/// its centre falls into (PyTorch's `nearest-exact`).
package struct NearestResampler: Sendable {
  package let source: PlaneSize
  package let target: PlaneSize
  private let rows: [Int]
  private let columns: [Int]

  package init(from source: PlaneSize, to target: PlaneSize) {
    precondition(source.height > 0 && source.width > 0, "nothing to sample")
    self.source = source
    self.target = target
    rows = NearestResampler.samples(source.height, target.height)
    columns = NearestResampler.samples(source.width, target.width)
  }

  /// - Parameter values: row-major `[source.height, source.width]`.
  /// - Returns: row-major `[target.height, target.width]`.
  package func resized<Value>(_ values: [Value]) -> [Value] {
    precondition(values.count == source.pixelCount, "the plane has another size")
    guard source != target else { return values }
    var result: [Value] = []
    result.reserveCapacity(target.pixelCount)
    for row in rows {
      for column in columns { result.append(values[row * source.width + column]) }
    }
    return result
  }

  private static func samples(_ source: Int, _ target: Int) -> [Int] {
    let scale = Float(source) / Float(target)
    return (0..<target).map { min(Int((Float($0) + 0.5) * scale), source - 1) }
  }
}
