/// The averages that the paper reports ("Adapting Pre-trained Vision Transformers from 2D to 3D
/// through Weight Inflation", its evaluation code): a score for each class over several images, then
/// a mean over classes.
///
/// A class that no image has has no score and counts in no mean, where the paper's pooled means would
/// be no number.
package struct PaperAverages: Sendable {
  /// How several images make one score for a class.
  package enum Grouping: Sendable, CaseIterable {
    /// All voxels of all images are counted together.
    case pooled
    /// Every image has its own scores; each class's mean is over the images that have it.
    case perImage
  }

  /// The classes of BTCV's fourteen over which the paper's eight-organ mean goes: spleen, both
  /// kidneys, gallbladder, liver, stomach, aorta and pancreas.
  package static let eightOrgans = [1, 2, 3, 4, 6, 7, 8, 11]

  /// By class.
  package let dice: [Double?]
  /// By class.
  package let intersectionOverUnion: [Double?]
  /// By class: found voxels of those in the reference.
  package let classAccuracy: [Double?]
  /// Over all voxels, whatever their class.
  package let accuracy: Double?

  /// - Parameter images: one matrix an image, all of the same classes.
  package init(_ images: [ConfusionMatrix], grouping: Grouping) {
    var groups = images
    if grouping == .pooled, let first = images.first {
      groups = [images.dropFirst().reduce(into: first) { $0.add($1) }]
    }
    let classCount = images.first?.classCount ?? 0
    func scores(_ score: (ClassOverlap) -> Double?) -> [Double?] {
      (0..<classCount).map { index in
        meanOfPresent(groups.map { score($0.overlap(of: index)) })
      }
    }
    dice = scores(\.dice)
    intersectionOverUnion = scores(\.intersectionOverUnion)
    classAccuracy = scores(\.accuracy)
    accuracy = meanOfPresent(groups.map(\.accuracy))
  }

  package var meanDice: Double? { meanOfPresent(dice) }
  package var meanDiceWithoutBackground: Double? { meanOfPresent(Array(dice.dropFirst())) }
  package var meanIntersectionOverUnion: Double? { meanOfPresent(intersectionOverUnion) }
  package var meanClassAccuracy: Double? { meanOfPresent(classAccuracy) }

  /// Over ``eightOrgans``; nil unless there are BTCV's fourteen classes.
  package var meanDiceOfEightOrgans: Double? {
    dice.count == 14 ? meanOfPresent(PaperAverages.eightOrgans.map { dice[$0] }) : nil
  }
}
