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
    let (predicted, expected) = (prediction.labels.span, reference.labels.span)
    for index in expected.indices {
      counts[Int(expected[index]) * classCount + Int(predicted[index])] += 1
    }
  }

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
