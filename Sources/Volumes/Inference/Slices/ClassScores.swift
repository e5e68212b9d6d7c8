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

  /// Calls `body` with the scores of all classes at every pixel, after they have been resized to
  /// `target`.
  ///
  /// - Throws: `non-finite-scores` when a score is no number or infinite.
  func forEachPixel(
    at target: PlaneSize,
    _ body: (_ row: Int, _ column: Int, _ scores: borrowing Span<Float>) -> Void
  ) throws {
    if let index = firstNonFinite(in: values.span) {
      let (row, column) = (index % size.pixelCount / size.width, index % size.width)
      throw Fault(
        .nonFiniteScores,
        "the model's score of class \(index / size.pixelCount) at pixel (\(row), \(column)) is "
          + "\(values[index])",
        remedy: "check the checkpoint with inflate-ckpt verify")
    }
    let resampler = BilinearResampler(from: size, to: target)
    let resized = (0..<classCount).map { index in
      resampler.resized(
        values.span.extracting(index * size.pixelCount..<(index + 1) * size.pixelCount))
    }
    var scores = [Float](repeating: 0, count: classCount)
    for row in 0..<target.height {
      for column in 0..<target.width {
        for index in 0..<classCount { scores[index] = resized[index][row * target.width + column] }
        body(row, column, scores.span)
      }
    }
  }
}
