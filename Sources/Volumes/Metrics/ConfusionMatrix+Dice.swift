extension ClassOverlap {
  /// 2|A∩B| / (|A| + |B|), or `nil` when neither volume has the class: there is nothing to find
  /// and nothing was found.
  package var dice: Double? {
    let sizes = 2 * truePositives + falsePositives + falseNegatives
    return sizes == 0 ? nil : Double(2 * truePositives) / Double(sizes)
  }

  /// |A∩B| / |A∪B|, or `nil` when neither volume has the class.
  package var intersectionOverUnion: Double? {
    let union = truePositives + falsePositives + falseNegatives
    return union == 0 ? nil : Double(truePositives) / Double(union)
  }

  /// |A∩B| / |B|, B being the reference; `nil` when it lacks the class.
  package var accuracy: Double? {
    let expected = truePositives + falseNegatives
    return expected == 0 ? nil : Double(truePositives) / Double(expected)
  }
}

extension ConfusionMatrix {
  /// The Dice score of every class, in the classes' order.
  package var dice: [Double?] { (0..<classCount).map { overlap(of: $0).dice } }

  /// The share of the voxels that have their true class; `nil` when there are no voxels.
  package var accuracy: Double? {
    let hits = (0..<classCount).reduce(0) { $0 + self[reference: $1, predicted: $1] }
    return voxelCount == 0 ? nil : Double(hits) / Double(voxelCount)
  }

  /// The mean over those of `classes` that either volume has; `nil` when none has any.
  package func meanDice(over classes: some Sequence<Int>) -> Double? {
    meanOfPresent(classes.map { overlap(of: $0).dice })
  }
}
