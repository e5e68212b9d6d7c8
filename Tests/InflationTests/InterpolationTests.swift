import Diagnostics
import Documents
import Foundation
import Tensors
import Testing

@testable import Inflation

@Suite("Interpolation")
struct InterpolationTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let method: String
    let source: [Int]
    let target: [Int]
    let plane: [Double]
    let result: [Double]

    var testDescription: String { "\(method) \(source) → \(target)" }

    init(_ reader: JSONReader) throws {
      let integers = { (name: String) in
        try reader.member(name).elements().map { try $0.integer() }
      }
      let numbers = { (name: String) in
        try reader.member(name).elements().map { try $0.number() }
      }
      method = try reader.member("method").string()
      (source, target) = (try integers("source"), try integers("target"))
      (plane, result) = (try numbers("plane"), try numbers("result"))
    }

    func weights(axis: Int) throws -> InterpolationWeights {
      if source[axis] == target[axis] { return .identity(source[axis]) }
      return method == "bicubic"
        ? .bicubic(from: source[axis], to: target[axis])
        : try .geometric(from: source[axis], to: target[axis])
    }
  }

  /// From PyTorch and SciPy; see `Tests/Fixtures/inflation/make_fixture.py`.
  static let examples: [Example] = {
    let path = Golden.path("../inflation/interpolation.json")
    guard let text = FileManager.default.contents(atPath: path),
      let document = try? JSONValue(parsing: [UInt8](text)),
      let cases = try? JSONReader(document).member("cases").elements()
    else { return [] }
    return cases.compactMap { try? Example($0) }
  }()

  @Test("has all its examples")
  func complete() { #expect(Self.examples.count == 9) }

  @Test("agrees with PyTorch and SciPy", arguments: examples)
  func agrees(example: Example) throws {
    let actual = try example.weights(axis: 0)
      .applied(toPlane: example.plane, columns: example.weights(axis: 1))
    #expect(actual.count == example.result.count)
    let scale = example.result.map(abs).max() ?? 0
    let distance = zip(actual, example.result).map { abs($0 - $1) }.max() ?? .infinity
    #expect(distance <= 1e-8 * scale)
  }

  @Test("weighs constants to themselves", arguments: [(5, 9), (27, 63), (13, 7), (31, 31)])
  func partitionOfUnity(from: Int, to: Int) throws {
    for weights in [
      InterpolationWeights.bicubic(from: from, to: to), try .geometric(from: from, to: to),
      .identity(from),
    ] {
      let constant = [Double](repeating: 1, count: from)
      let result = weights.applied(toPlane: constant, columns: .identity(1))
      #expect(result.allSatisfy { abs($0 - 1) < 1e-9 })
    }
  }

  @Test("refuses a grid without the four knots of a cubic, and says what else would do")
  func tooSmall() throws {
    let fault = try #require(throws: Fault.self) {
      try InterpolationWeights.geometric(from: 3, to: 7)
    }
    #expect(fault.code == .unsupportedGeometry)
    #expect(fault.remedy == "say --rel-pos-resize bicubic")
  }
}

extension InterpolationWeights {
  /// The plane that `self` (down the rows) and `columns` (along them) make of `plane`
  /// `[rows, columns]`; in 64-bit floats throughout, to see how exact the weights are.
  fileprivate func applied(toPlane plane: [Double], columns: InterpolationWeights) -> [Double] {
    var half = [Double](repeating: 0, count: inputCount * columns.outputCount)
    for row in 0..<inputCount {
      for output in 0..<columns.outputCount {
        var sum = 0.0
        for column in 0..<columns.inputCount {
          sum +=
            plane[row * columns.inputCount + column]
            * columns.weights[output * columns.inputCount + column]
        }
        half[row * columns.outputCount + output] = sum
      }
    }
    var full = [Double](repeating: 0, count: outputCount * columns.outputCount)
    for output in 0..<outputCount {
      for row in 0..<inputCount {
        let weight = weights[output * inputCount + row]
        for column in 0..<columns.outputCount {
          full[output * columns.outputCount + column] +=
            weight * half[row * columns.outputCount + column]
        }
      }
    }
    return full
  }
}

@Suite("Inflating a patch embedding")
struct PatchEmbeddingInflationTests {
  /// `[2, 3, 1, 2]`: element (o, c, 0, x) is 100·o + 10·c + x.
  private func kernel() throws -> FloatTensor {
    let values = [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121].map(Float.init)
    return try FloatTensor(shape: Shape([2, 3, 1, 2]), values: values)
  }

  private func inflated(
    depth: Int = 1, _ strategy: DepthStrategy = .center, channels: Int,
    _ method: ChannelStrategy
  ) throws -> FloatTensor {
    try PatchEmbeddingInflation(
      from: Shape([2, 3, 1, 2]), to: Shape([2, channels, 1, 2, depth]), strategy: strategy,
      channels: method, depthAxis: 2
    ).apply(to: [kernel()])
  }

  @Test("sums, averages or keeps the channels")
  func channels() throws {
    #expect(try inflated(channels: 1, .sum).values == [30, 33, 330, 333])
    #expect(try inflated(channels: 2, .sum).values == [15, 16.5, 15, 16.5, 165, 166.5, 165, 166.5])
    #expect(try inflated(channels: 1, .mean).values == [10, 11, 110, 111])
    #expect(try inflated(channels: 2, .mean).values == [10, 11, 10, 11, 110, 111, 110, 111])
    #expect(try inflated(channels: 3, .keep).values == kernel().values)
  }

  @Test("puts the kernel into slice ⌊D/2⌋", arguments: [1, 2, 3, 4, 5])
  func center(depth: Int) throws {
    let result = try inflated(depth: depth, channels: 1, .sum)
    #expect(result.shape.extents == [2, 1, 1, 2, depth])
    for slice in 0..<depth {
      let expected: [Float] = slice == depth / 2 ? [30, 33] : [0, 0]
      #expect([result.values[slice], result.values[depth + slice]] == expected)
    }
  }

  @Test("divides the kernel by the depth", arguments: [1, 2, 4])
  func average(depth: Int) throws {
    let result = try inflated(depth: depth, .average, channels: 1, .sum)
    for slice in 0..<depth {
      #expect(result.values[slice] == 30 / Float(depth))
    }
  }
}

@Suite("Resizing a table of relative positions")
struct RelativePositionBiasResizeTests {
  @Test("repeats each offset through the depth and leaves the class token's rows")
  func depth() throws {
    let (height, width, heads) = (2, 3, 2)
    let rows = (2 * height - 1) * (2 * width - 1) + 3
    let table = try FloatTensor(
      shape: Shape([rows, heads]), values: (0..<rows * heads).map(Float.init))
    let result = try RelativePositionBiasResize(
      from: table.shape, sourceGrid: [height, width], targetGrid: [height, width, 2],
      classRowCount: 3, method: .geometric
    ).apply(to: [table])
    #expect(result.shape.extents == [(rows - 3) * 3 + 3, heads])
    for row in 0..<(rows - 3) * 3 {
      #expect(result.values[row * heads] == table.values[row / 3 * heads])
    }
    #expect(result.values.suffix(3 * heads) == table.values.suffix(3 * heads))
  }

  @Test("resizes each axis by its own extents")
  func nonSquare() throws {
    let table = FloatTensor(shape: try Shape([7 * 9 + 3, 2]), repeating: 0.5)
    let resize = try RelativePositionBiasResize(
      from: table.shape, sourceGrid: [4, 5], targetGrid: [6, 3, 1], classRowCount: 3,
      method: .bicubic)
    #expect(resize.changesGrid)
    let result = try resize.apply(to: [table])
    #expect(result.shape.extents == [11 * 5 + 3, 2])
    #expect(result.values.allSatisfy { abs($0 - 0.5) < 1e-6 })
  }

  @Test("numbers every pair of tokens by their offset")
  func index() {
    let index = Initialisation.relativePositionIndices(grid: [2, 2, 1])
    #expect(
      index == [
        11, 9, 9, 9, 9,
        10, 4, 3, 1, 0,
        10, 5, 4, 2, 1,
        10, 7, 6, 4, 3,
        10, 8, 7, 5, 4,
      ])
  }
}
