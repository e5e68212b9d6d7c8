import Diagnostics
import Testing

@testable import Volumes

@Suite("Dice")
struct ConfusionMatrixTests {
  struct Expected: Decodable {
    let shape: [Int]
    let classes: Int
    let prediction: [Int32]
    let reference: [Int32]
    let dice: [Double?]

    func volume(_ labels: [Int32]) throws -> LabelVolume {
      try LabelVolume(geometry: geometry(shape[0], shape[1], shape[2]), labels: labels)
    }

    func matrix() throws -> ConfusionMatrix {
      try ConfusionMatrix(
        prediction: volume(prediction), reference: volume(reference), classCount: classes)
    }
  }

  @Test("Dice is numpy's, and absent from classes that neither volume has")
  func dice() throws {
    for expected in try fixtureDocument("overlap.json", as: [Expected].self) {
      let matrix = try expected.matrix()
      #expect(matrix.dice == expected.dice)
      let present = expected.dice.compactMap { $0 }
      let mean = try #require(matrix.meanDice(over: 0..<expected.classes))
      #expect(abs(mean - present.reduce(0, +) / Double(present.count)) < 1e-12)
      #expect(matrix.meanDice(over: []) == nil)
    }
  }

  @Test("one wrong voxel is noticed")
  func oneVoxel() throws {
    for expected in try fixtureDocument("overlap.json", as: [Expected].self) {
      let perfect = try ConfusionMatrix(
        prediction: expected.volume(expected.reference),
        reference: expected.volume(expected.reference), classCount: expected.classes)
      #expect(perfect.dice.allSatisfy { $0 == nil || $0 == 1 })
      var spoilt = expected.reference
      spoilt[7] = (spoilt[7] + 1) % Int32(expected.classes)
      let imperfect = try ConfusionMatrix(
        prediction: expected.volume(spoilt),
        reference: expected.volume(expected.reference), classCount: expected.classes)
      #expect(imperfect.dice[Int(spoilt[7])] != 1)
      #expect(imperfect.dice[Int(expected.reference[7])] != 1)
    }
  }

  @Test("the counts tell the two ways of being wrong apart")
  func directions() throws {
    let grid = try geometry(1, 5, 1)
    let matrix = try ConfusionMatrix(
      prediction: LabelVolume(geometry: grid, labels: [1, 1, 1, 0, 0]),
      reference: LabelVolume(geometry: grid, labels: [1, 0, 0, 1, 0]), classCount: 2)
    #expect(
      matrix.overlap(of: 1)
        == ClassOverlap(truePositives: 1, falsePositives: 2, falseNegatives: 1))
    #expect(matrix[reference: 0, predicted: 1] == 2)
  }

  @Test("several volumes add up")
  func sum() throws {
    let grid = try geometry(1, 2, 1)
    let first = try LabelVolume(geometry: grid, labels: [1, 0])
    let second = try LabelVolume(geometry: grid, labels: [1, 1])
    var matrix = try ConfusionMatrix(prediction: first, reference: second, classCount: 2)
    try matrix.add(prediction: second, reference: second)
    #expect(matrix.dice[1] == 6.0 / 7)
  }

  @Test("volumes of different sizes are refused, both named")
  func sizes() throws {
    let small = try LabelVolume(geometry: geometry(1, 2, 1), labels: [0, 1])
    let large = try LabelVolume(geometry: geometry(2, 1, 1), labels: [0, 1])
    let fault = try fault {
      _ = try ConfusionMatrix(prediction: small, reference: large, classCount: 2)
    }
    #expect(fault.code == .extentsMismatch)
    #expect(fault.reason.contains("1 × 2 × 1") && fault.reason.contains("2 × 1 × 1"))
  }

  @Test("a class that nobody announced is refused with its voxel")
  func unknownClass() throws {
    let grid = try geometry(1, 2, 1)
    let known = try LabelVolume(geometry: grid, labels: [0, 1])
    let unknown = try LabelVolume(geometry: grid, labels: [0, 2])
    for (prediction, reference) in [(known, unknown), (unknown, known)] {
      let fault = try fault {
        _ = try ConfusionMatrix(prediction: prediction, reference: reference, classCount: 2)
      }
      #expect(fault.code == .invalidLabel)
      #expect(fault.reason.contains("(0, 1, 0)"))
    }
  }
}
