/// The largest value of every 2 × 2 square; a last odd row or column is left out.
///
/// - Parameter output: `[height / 2, width / 2, channels]`
package func maxPool(_ input: FeatureMap, into output: FeatureMap) {
  precondition(output.height == input.height / 2 && output.width == input.width / 2)
  precondition(output.channelCount == input.channelCount)
  withRows(input.pixels, output.pixels) { source, target in
    parallelFor(output.height) { y in
      for x in 0..<output.width {
        let upper = source.row(2 * y * input.width + 2 * x)
        let lower = source.row((2 * y + 1) * input.width + 2 * x)
        let next = source.rowStride
        let result = target.row(y * output.width + x)
        for channel in 0..<source.columnCount {
          result[channel] = larger(
            larger(upper[channel], upper[next + channel]),
            larger(lower[channel], lower[next + channel]))
        }
      }
    }
  }
}

/// A NaN wins, so that it reaches the check at the end of the stage.
@inline(__always)
private func larger(_ left: Float, _ right: Float) -> Float {
  right > left || right.isNaN ? right : left
}

/// Means over rectangles that cover the map: output row `i` of `n` takes the input rows from
/// ⌊i · height / n⌋ to ⌈(i + 1) · height / n⌉, columns likewise. The rectangles may overlap.
package func adaptiveAveragePool(_ input: FeatureMap, into output: FeatureMap) {
  precondition(output.channelCount == input.channelCount)
  withRows(input.pixels, output.pixels) { source, target in
    parallelFor(output.height * output.width) { index in
      let (outputY, outputX) = index.quotientAndRemainder(dividingBy: output.width)
      let rows = poolingRange(outputY, of: output.height, over: input.height)
      let columns = poolingRange(outputX, of: output.width, over: input.width)
      let factor = 1 / Double(rows.count * columns.count)
      let result = target.row(index)
      for channel in 0..<source.columnCount {
        var total = 0.0
        for y in rows {
          for x in columns { total += Double(source.row(y * input.width + x)[channel]) }
        }
        result[channel] = Float(total * factor)
      }
    }
  }
}

func poolingRange(_ index: Int, of count: Int, over extent: Int) -> Range<Int> {
  index * extent / count..<((index + 1) * extent + count - 1) / count
}
