import Testing

@testable import Volumes

@Suite("The paper's averages: numpy's by the paper's formulas")
struct PaperAverageTests {
  struct Group: Decodable {
    let accuracy: Double
    let dice: [Double?]
    let meanClassAccuracy: Double
    let meanIntersectionOverUnion: Double
    let meanDice: Double
    let meanDiceWithoutBackground: Double
    let meanDiceOfEightOrgans: Double?
  }

  struct Expected: Decodable {
    let classes: Int
    let shape: [Int]
    /// Prediction and labels of each image, one hexadecimal digit a voxel.
    let images: [[String]]
    let pooled: Group
    let perImage: Group

    var matrices: [ConfusionMatrix] {
      get throws {
        let grid = try geometry(shape[0], shape[1], shape[2])
        return try images.map { image in
          let volumes = try image.map { digits in
            try LabelVolume(geometry: grid, labels: digits.map { Int32($0.hexDigitValue!) })
          }
          return try ConfusionMatrix(
            prediction: volumes[0], reference: volumes[1], classCount: classes)
        }
      }
    }
  }

  @Test("pooled and per image, with and without background, over eight organs")
  func averages() throws {
    for expected in try fixtureDocument("averages.json", as: [Expected].self) {
      let matrices = try expected.matrices
      for (grouping, wanted) in [
        (PaperAverages.Grouping.pooled, expected.pooled), (.perImage, expected.perImage),
      ] {
        let found = PaperAverages(matrices, grouping: grouping)
        let pairs =
          [
            (found.accuracy, wanted.accuracy), (found.meanDice, wanted.meanDice),
            (found.meanDiceWithoutBackground, wanted.meanDiceWithoutBackground),
            (found.meanIntersectionOverUnion, wanted.meanIntersectionOverUnion),
            (found.meanClassAccuracy, wanted.meanClassAccuracy),
            (found.meanDiceOfEightOrgans, wanted.meanDiceOfEightOrgans),
          ] + Array(zip(found.dice, wanted.dice))
        for (number, figure) in pairs {
          switch (number, figure) {
          case (nil, nil): continue
          case (let number?, let figure?): #expect(abs(number - figure) <= 1e-12)
          default: Issue.record("\(String(describing: number)), not \(String(describing: figure))")
          }
        }
      }
      // The two groupings are not the same figure.
      #expect(abs(expected.pooled.meanDice - expected.perImage.meanDice) > 1e-6)
    }
  }

  @Test("no images have no averages")
  func nothing() {
    let averages = PaperAverages([], grouping: .pooled)
    #expect(averages.meanDice == nil && averages.accuracy == nil && averages.dice.isEmpty)
  }
}
