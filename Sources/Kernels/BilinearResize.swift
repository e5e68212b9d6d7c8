/// Bilinear resizing with the pixels as squares (`align_corners=False`): output pixel `i` has its
/// centre at (i + ½) · input / output − ½, clamped to the map.
///
/// Two rows are blended first, then neighbouring pixels of the blend.
///
/// - Parameters:
///   - input: `[height, width, channels]`
///   - output: any height and width, as many channels
///   - accumulate: add to what `output` holds
package func bilinearResize(
  _ input: FeatureMap, accumulate: Bool = false, workspace: Workspace? = nil,
  into output: FeatureMap
) {
  precondition(input.channelCount == output.channelCount)
  precondition(input.height > 0 && input.width > 0)
  let channels = input.channelCount
  let columns = (0..<output.width).map { BlendedPair($0, of: output.width, over: input.width) }
  withRows(input.pixels, output.pixels) { source, target in
    parallelRanges(output.height, of: 4) { range in
      let blend = Matrix(rows: input.width, columns: channels, from: workspace)
      withRows(blend) { blend in
        for y in range {
          let pair = BlendedPair(y, of: output.height, over: input.height)
          blendRows(
            source.rows(pair.first * input.width..<(pair.first + 1) * input.width),
            source.rows(pair.second * input.width..<(pair.second + 1) * input.width),
            fraction: pair.fraction, into: blend)
          for (x, column) in columns.enumerated() {
            mix(
              blend.row(column.first), blend.row(column.second), fraction: column.fraction,
              accumulate: accumulate, count: channels, into: target.row(y * output.width + x))
          }
        }
      }
    }
  }
}

/// The two input positions that one output position lies between.
struct BlendedPair {
  let first: Int
  let second: Int
  /// The weight of `second`.
  let fraction: Float

  init(_ index: Int, of count: Int, over extent: Int) {
    let position = max(0, (Double(index) + 0.5) * Double(extent) / Double(count) - 0.5)
    first = min(Int(position), extent - 1)
    second = min(first + 1, extent - 1)
    fraction = Float(position - Double(first))
  }
}

private func blendRows(_ first: Rows, _ second: Rows, fraction: Float, into blend: Rows) {
  for index in 0..<blend.rowCount {
    mix(
      first.row(index), second.row(index), fraction: fraction, accumulate: false,
      count: blend.columnCount, into: blend.row(index))
  }
}

@inline(__always)
private func mix(
  _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, fraction: Float,
  accumulate: Bool, count: Int, into target: UnsafeMutablePointer<Float>
) {
  let rest = 1 - fraction
  if accumulate {
    for index in 0..<count { target[index] += first[index] * rest + second[index] * fraction }
  } else {
    for index in 0..<count { target[index] = first[index] * rest + second[index] * fraction }
  }
}
