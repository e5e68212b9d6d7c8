/// Weights of a 3 × 3 convolution tap by tap.
struct DirectWeights: Sendable {
  /// `[9 · outputs, inputs]`: tap, output, input.
  let taps: Matrix

  /// - Parameter weights: `[outputs, inputs, 3, 3]`
  init(_ weights: [Float], inputs: Int, outputs: Int) {
    var arranged = [Float](repeating: 0, count: weights.count)
    for row in 0..<outputs {
      for column in 0..<inputs {
        for tap in 0..<9 {
          arranged[(tap * outputs + row) * inputs + column] =
            weights[(row * inputs + column) * 9 + tap]
        }
      }
    }
    taps = Matrix(rows: 9 * outputs, columns: inputs, values: arranged)
  }
}

extension Convolution {
  /// Nine products over a copy of the map with its frame of zeros.
  ///
  /// In the framed map the pixels under one tap are consecutive rows of a matrix, whatever the
  /// tap, if the two frame pixels at the end of each line are computed along and then dropped: no
  /// gathering of neighbourhoods.
  func convolveDirectly(
    _ input: FeatureMap, _ weights: DirectWeights, workspace: Workspace?, into output: FeatureMap
  ) {
    let framed = frame(input, workspace: workspace)
    let framedWidth = input.width + 2
    let pixels = input.height * framedWidth - 2
    let tiling = ProductTiling(rows: pixels, columns: outputChannels, inner: 9 * inputChannels)
    withRows(framed, weights.taps, output.pixels) { framed, taps, output in
      parallelFor(tiling.count) { index in
        let (rows, columns) = tiling.tile(index)
        let scratch = Matrix(rows: rows.count, columns: columns.count, from: workspace)
        withRows(scratch) { sums in
          for row in 0..<sums.rowCount {
            bias.withUnsafeBufferPointer {
              sums.row(row).update(from: $0.baseAddress! + columns.lowerBound, count: columns.count)
            }
          }
          for tap in 0..<9 {
            let shift = tap / 3 * framedWidth + tap % 3
            let tapRows = tap * outputChannels
            product(
              framed.rows(rows.lowerBound + shift..<rows.upperBound + shift),
              byTransposed: taps.rows(tapRows + columns.lowerBound..<tapRows + columns.upperBound),
              accumulate: true, into: sums)
          }
          Kernels.apply(activation, to: sums)
          for (row, pixel) in rows.enumerated() {
            let (y, x) = pixel.quotientAndRemainder(dividingBy: framedWidth)
            guard x < input.width else { continue }
            let target = output.row(y * input.width + x) + columns.lowerBound
            target.update(from: sums.row(row), count: columns.count)
          }
        }
      }
    }
  }

  /// `[(height + 2) · (width + 2), channels]` with zeros around the map.
  private func frame(_ input: FeatureMap, workspace: Workspace?) -> Matrix {
    let width = input.width + 2
    let framed = Matrix(rows: (input.height + 2) * width, columns: inputChannels, from: workspace)
    withRows(input.pixels, framed) { source, target in
      parallelFor(input.height + 2) { y in
        guard y > 0, y <= input.height else {
          return target.rows(y * width..<(y + 1) * width).fill(with: 0)
        }
        target.rows(y * width..<y * width + 1).fill(with: 0)
        target.rows((y + 1) * width - 1..<(y + 1) * width).fill(with: 0)
        for x in 0..<input.width {
          target.row(y * width + x + 1).update(
            from: source.row((y - 1) * input.width + x), count: inputChannels)
        }
      }
    }
    return framed
  }
}
