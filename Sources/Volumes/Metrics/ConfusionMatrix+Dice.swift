extension ClassOverlap {
  /// 2 |A ∩ B| / (|A| + |B|), or `nil` when neither volume has the class: there is nothing to find
  /// and nothing was found.
  package var dice: Double? {
    let sizes = 2 * truePositives + falsePositives + falseNegatives
    return sizes == 0 ? nil : Double(2 * truePositives) / Double(sizes)
  }
}

extension ConfusionMatrix {
  /// The Dice score of every class, in the classes' order.
  package var dice: [Double?] { (0..<classCount).map { overlap(of: $0).dice } }

  /// The mean over those of `classes` that either volume has; `nil` when none has any.
  package func meanDice(over classes: some Sequence<Int>) -> Double? {
    let scores = classes.compactMap { overlap(of: $0).dice }
    return scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count)
  }
}
