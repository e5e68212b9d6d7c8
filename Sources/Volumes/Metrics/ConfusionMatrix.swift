import Diagnostics

/// How often every predicted class met every true class, over a whole volume or several: all that
/// metrics of overlap need.
package struct ConfusionMatrix: Sendable, Equatable {
  package let classCount: Int
  /// Row-major `[reference class, predicted class]`.
  private var counts: [Int]

  package init(classCount: Int) {
    precondition(classCount > 0, "there is at least the background")
    self.classCount = classCount
    counts = [Int](repeating: 0, count: classCount * classCount)
  }

  /// - Throws: as `add`.
  package init(
    prediction: LabelVolume, reference: LabelVolume, classCount: Int
  ) throws {
    self.init(classCount: classCount)
    try add(prediction: prediction, reference: reference)
  }

  /// Counts another pair of volumes in.
  ///
  /// - Throws: `extents-mismatch` naming both sizes, `invalid-label` for a class beyond
  ///   `classCount`.
  package mutating func add(prediction: LabelVolume, reference: LabelVolume) throws {
    guard prediction.extents == reference.extents else {
      throw Fault(
        .extentsMismatch,
        "the prediction has \(prediction.extents) voxels, the labels have \(reference.extents)",
        remedy: "compare volumes on the same grid")
    }
    try requireKnownClasses(prediction, called: "prediction")
    try requireKnownClasses(reference, called: "labels")
    let pieces = evenRanges(reference.labels.count, pieces: 16)
    let classCount = classCount
    let parts = concurrentMap(pieces.count) { piece in
      pairCounts(
        prediction.labels.span.extracting(pieces[piece]),
        reference.labels.span.extracting(pieces[piece]), classCount: classCount)
    }
    for part in parts {
      for index in counts.indices { counts[index] += part[index] }
    }
  }

  /// Counts in what another matrix of the same classes counted.
  package mutating func add(_ other: ConfusionMatrix) {
    precondition(other.classCount == classCount, "matrices of the same classes add up")
    for index in counts.indices { counts[index] += other.counts[index] }
  }

  /// How many voxels were counted.
  package var voxelCount: Int { counts.reduce(0, +) }

  package subscript(reference reference: Int, predicted predicted: Int) -> Int {
    precondition((0..<classCount).contains(reference) && (0..<classCount).contains(predicted))
    return counts[reference * classCount + predicted]
  }

  /// The counts of one class against all others.
  package func overlap(of index: Int) -> ClassOverlap {
    let hits = self[reference: index, predicted: index]
    let expected = (0..<classCount).reduce(0) { $0 + self[reference: index, predicted: $1] }
    let predicted = (0..<classCount).reduce(0) { $0 + self[reference: $1, predicted: index] }
    return ClassOverlap(
      truePositives: hits, falsePositives: predicted - hits, falseNegatives: expected - hits)
  }

  private func requireKnownClasses(_ volume: LabelVolume, called name: String) throws {
    guard Int(volume.largestLabel) >= classCount else { return }
    let index = volume.labels.firstIndex { Int($0) >= classCount } ?? 0
    throw Fault(
      .invalidLabel,
      "the \(name) have class \(volume.labels[index]) at voxel "
        + "\(volume.extents.voxelName(at: index)), known are 0 to \(classCount - 1)",
      remedy: "give a label volume of the model's own classes")
  }
}

/// One class against all others, in voxels.
package struct ClassOverlap: Sendable, Hashable {
  package let truePositives: Int
  package let falsePositives: Int
  package let falseNegatives: Int

  package init(truePositives: Int, falsePositives: Int, falseNegatives: Int) {
    self.truePositives = truePositives
    self.falsePositives = falsePositives
    self.falseNegatives = falseNegatives
  }
}

/// How often each pair of classes occurs, `[expected, predicted]`. Neighbours mostly agree, so that
/// whole runs are counted at once.
private func pairCounts(
  _ predicted: borrowing Span<Int32>, _ expected: borrowing Span<Int32>, classCount: Int
) -> [Int] {
  var counts = [Int](repeating: 0, count: classCount * classCount)
  var start = 0
  while start < expected.count {
    let pair = (expected[start], predicted[start])
    var end = start + 1
    while end < expected.count, expected[end] == pair.0, predicted[end] == pair.1 { end += 1 }
    counts[Int(pair.0) * classCount + Int(pair.1)] += end - start
    start = end
  }
  return counts
}
