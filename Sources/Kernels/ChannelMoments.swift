import CKernels

/// Mean and variance of every channel of a map, over all its pixels.
package struct ChannelMoments: Sendable {
  package let mean: [Double]
  /// The mean square of the deviations: the population's variance.
  package let variance: [Double]

  package init(mean: [Double], variance: [Double]) {
    self.mean = mean
    self.variance = variance
  }

  /// One pass over the map, piece by piece: each piece's mean first, deviations from it next.
  package init(of map: FeatureMap) {
    let pieces = MomentPieces(
      count: (map.pixelCount + ChannelMoments.pieceSize - 1) / ChannelMoments.pieceSize,
      channels: map.channelCount)
    let kernels = InstructionSet.kernels
    withRows(map.pixels) { pixels in
      parallelRanges(pixels.rowCount, of: ChannelMoments.pieceSize) { range in
        pieces.withPiece(range.lowerBound / ChannelMoments.pieceSize) { moments in
          kernels.moments(
            pixels.row(range.lowerBound), pixels.rowStride, range.count, pixels.columnCount,
            moments)
        }
      }
    }
    self = pieces.joined()
  }

  static let pieceSize = 1024

  /// The transform that brings each group of neighbouring channels to mean 0 and variance 1, then
  /// scales and shifts each channel by its weight and bias: instance normalisation with one channel
  /// a group.
  package func normalisation(
    groups: Int? = nil, weight: [Float]? = nil, bias: [Float]? = nil, epsilon: Double
  ) -> ChannelTransform {
    let channels = mean.count
    let size = channels / max(1, groups ?? channels)
    var scale = [Float](repeating: 0, count: channels)
    var shift = scale
    for first in stride(from: 0, to: channels, by: max(1, size)) {
      let group = first..<min(channels, first + size)
      let centre = group.reduce(0) { $0 + mean[$1] } / Double(group.count)
      let spread =
        group.reduce(0) { $0 + variance[$1] + (mean[$1] - centre) * (mean[$1] - centre) }
        / Double(group.count)
      for channel in group {
        let factor = Double(weight?[channel] ?? 1) / (spread + epsilon).squareRoot()
        scale[channel] = Float(factor)
        shift[channel] = Float(Double(bias?[channel] ?? 0) - centre * factor)
      }
    }
    return ChannelTransform(scale: scale, shift: shift)
  }
}

/// Moments of the pieces of a map, each written by one thread, joined in their order.
struct MomentPieces: Sendable {
  private let count: Int
  private let channels: Int
  /// `[pieces, 2, channels]`: means, sums of squared deviations.
  private let values: Matrix
  /// How many pixels each piece has.
  private let sizes: Matrix

  init(count: Int, channels: Int) {
    self.count = count
    self.channels = channels
    values = Matrix(rows: count * 2, columns: channels, repeating: 0)
    sizes = Matrix(rows: count, columns: 1, repeating: 0)
  }

  func withPiece(_ piece: Int, _ body: (UnsafeMutablePointer<ck_moments>) -> Void) {
    withRows(values, sizes) { values, sizes in
      var moments = ck_moments(
        mean: values.row(2 * piece), squares: values.row(2 * piece + 1),
        count: sizes.row(piece)[0])
      body(&moments)
      sizes.row(piece)[0] = moments.count
    }
  }

  /// Chan, Golub and LeVeque's formula, in double precision.
  func joined() -> ChannelMoments {
    var mean = [Double](repeating: 0, count: channels)
    var squares = mean
    var total = 0.0
    withRows(values, sizes) { values, sizes in
      for piece in 0..<count {
        let size = Double(sizes.row(piece)[0])
        guard size > 0 else { continue }
        let (means, deviations) = (values.row(2 * piece), values.row(2 * piece + 1))
        for channel in 0..<channels {
          let delta = Double(means[channel]) - mean[channel]
          mean[channel] += delta * size / (total + size)
          squares[channel] +=
            Double(deviations[channel]) + delta * delta * total * size / (total + size)
        }
        total += size
      }
    }
    return ChannelMoments(mean: mean, variance: squares.map { $0 / max(1, total) })
  }
}
