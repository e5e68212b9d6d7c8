import Diagnostics

/// A model's answer for one slice: a score for every class at every pixel.
package struct ClassScores: Sendable {
  package let classCount: Int
  package let size: PlaneSize
  /// Row-major `[classes, height, width]`; logits or probabilities, the largest wins.
  package let values: [Float]

  /// - Throws: `invalid-scores` when there is no class or the count of values is another.
  package init(classCount: Int, size: PlaneSize, values: [Float]) throws {
    let expected = size.pixelCount.multipliedReportingOverflow(by: classCount)
    guard classCount > 0, !expected.overflow, values.count == expected.partialValue,
      size.pixelCount > 0
    else {
      throw Fault(
        .invalidScores,
        "\(values.count) scores are not those of \(classCount) classes at \(size) pixels")
    }
    self.classCount = classCount
    self.size = size
    self.values = values
  }

  /// The class with the largest score at every pixel, after the scores have been resized to
  /// `target`; of equal scores the first wins.
  ///
  /// - Returns: row-major `[target.height, target.width]`.
  /// - Throws: `non-finite-scores` when a score is no number or infinite.
  package func labels(at target: PlaneSize) throws -> [Int32] {
    if let index = firstNonFinite(in: values.span) {
      let (row, column) = (index % size.pixelCount / size.width, index % size.width)
      throw Fault(
        .nonFiniteScores,
        "the model's score of class \(index / size.pixelCount) at pixel (\(row), \(column)) is "
          + "\(values[index])",
        remedy: "check the checkpoint with inflate-ckpt verify")
    }
    let resampler = BilinearResampler(from: size, to: target)
    var labels = [Int32](repeating: 0, count: target.pixelCount)
    var best = scores(of: 0, resampler)
    for candidate in 1..<classCount {
      let scores = scores(of: candidate, resampler)
      for pixel in best.indices where scores[pixel] > best[pixel] {
        best[pixel] = scores[pixel]
        labels[pixel] = Int32(candidate)
      }
    }
    return labels
  }

  private func scores(of index: Int, _ resampler: BilinearResampler) -> [Float] {
    let range = index * size.pixelCount..<(index + 1) * size.pixelCount
    return resampler.resized(values.span.extracting(range))
  }
}
