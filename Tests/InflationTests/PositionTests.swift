import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Inflation

@Suite("Position embeddings")
struct PositionEmbeddingTests {
  /// A class token's row and a 2×2 grid of 4 channels: row r holds 10·r + channel.
  private let embedding = try! FloatTensor(
    shape: Shape([5, 4]), values: (0..<20).map { Float($0 / 4 * 10 + $0 % 4) })

  private func converted(
    to grid: [Int], _ depth: PositionDepthStrategy = .tile, depthAxis: Int = 2,
    prefix: [String] = ["classToken"], isCompatible: Bool = false
  ) throws -> FloatTensor {
    try PositionEmbeddingConversion(
      shape: Shape([prefix.count + grid.reduce(1, *), 4]), sourcePrefix: ["classToken"],
      targetPrefix: prefix.map { .init($0) }, sourceGrid: [2, 2], targetGrid: grid,
      depthAxis: depthAxis, method: .bicubic, depth: depth, isTransSegCompatible: isCompatible
    ).apply(to: [embedding])
  }

  private func row(_ tensor: FloatTensor, _ number: Int) -> [Float] {
    Array(tensor.values[number * 4..<(number + 1) * 4])
  }

  @Test("stand at every depth, whichever axis that is", arguments: [0, 1, 2])
  func tile(depthAxis: Int) throws {
    var grid = [2, 2]
    grid.insert(3, at: depthAxis)
    let result = try converted(to: grid, depthAxis: depthAxis)
    #expect(row(result, 0) == row(embedding, 0))
    for token in 0..<12 {
      var place = [token / (grid[1] * grid[2]), token / grid[2] % grid[1], token % grid[2]]
      place.remove(at: depthAxis)
      #expect(row(result, 1 + token) == row(embedding, 1 + place[0] * 2 + place[1]))
    }
  }

  @Test("stand at the middle depth alone")
  func centerOnly() throws {
    let result = try converted(to: [2, 2, 4], .centerOnly)
    for token in 0..<16 {
      let expected = token % 4 == 2 ? row(embedding, 1 + token / 4) : [0, 0, 0, 0]
      #expect(row(result, 1 + token) == expected)
    }
  }

  @Test("get waves of the depth added, as strong as asked")
  func sinusoidal() throws {
    let result = try converted(to: [2, 2, 3], .sinusoidal(0.5))
    for token in 0..<12 {
      let slice = Float(token % 3)
      // Two frequencies: 1 and 10000^(−1/2); sines, then cosines.
      let waves = [sin(slice), sin(slice / 100), cos(slice), cos(slice / 100)]
      let expected = zip(row(embedding, 1 + token / 3), waves).map { $0 + 0.5 * $1 }
      let actual = row(result, 1 + token)
      #expect(zip(actual, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }
    #expect(row(result, 0) == row(embedding, 0))
  }

  @Test("leave rows out that the target has no token for, and fill in those it has alone")
  func prefixes() throws {
    let without = try converted(to: [2, 2, 1], prefix: [])
    #expect(without.values == Array(embedding.values.dropFirst(4)))
    let more = try converted(to: [2, 2, 1], prefix: ["distillationToken", "classToken"])
    #expect(row(more, 0) == [0, 0, 0, 0])
    #expect(row(more, 1) == row(embedding, 0))
    #expect(row(more, 2) == row(embedding, 1))
  }

  @Test("are exact only where nothing is interpolated and the depth adds nothing")
  func exactness() throws {
    let exactness = { (grid: [Int], depth: PositionDepthStrategy) in
      try PositionEmbeddingConversion(
        shape: Shape([grid.reduce(1, *), 4]), sourcePrefix: [], targetPrefix: [],
        sourceGrid: [2, 2], targetGrid: grid, depthAxis: 2, method: .bicubic, depth: depth,
        isTransSegCompatible: false
      ).exactness
    }
    #expect(try exactness([2, 2, 5], .tile) == .exact)
    #expect(try exactness([2, 2, 1], .centerOnly) == .exact)
    #expect(try exactness([2, 2, 5], .centerOnly) == .resized)
    #expect(try exactness([2, 2, 5], .sinusoidal(1)) == .resized)
    #expect(try exactness([2, 3, 5], .tile) == .resized)
  }

  @Test("by the paper's loader are the nearest, the class token's row last")
  func compatible() throws {
    let result = try converted(to: [3, 3, 1], isCompatible: true)
    // PyTorch's nearest: ⌊i·2/3⌋.
    let places = [0, 0, 1]
    for token in 0..<9 {
      #expect(row(result, token) == row(embedding, 1 + places[token / 3] * 2 + places[token % 3]))
    }
    #expect(row(result, 9) == row(embedding, 0))
  }
}

@Suite("Relative position bias over the depth")
struct RelativePositionDepthTests {
  private let table = try! FloatTensor(
    shape: Shape([9, 2]), values: (1...18).map { Float($0) })

  private func resized(
    to grid: [Int], _ depth: BiasDepthStrategy, depthAxis: Int = 2
  ) throws -> FloatTensor {
    try RelativePositionBiasResize(
      from: table.shape, sourceGrid: [2, 2], targetGrid: grid, depthAxis: depthAxis,
      classRowCount: 0, method: .bicubic, depth: depth
    ).apply(to: [table])
  }

  @Test(
    "is the same at every depth offset, at none but the middle, or falls off",
    arguments: [
      (BiasDepthStrategy.tile, [1, 1, 1, 1, 1]), (.centerOnly, [0, 0, 1, 0, 0]),
      (.decay(0.5), [0.25, 0.5, 1, 0.5, 0.25]), (.decay(0), [0, 0, 1, 0, 0]),
      (.decay(1), [1, 1, 1, 1, 1]),
    ] as [(BiasDepthStrategy, [Float])], [0, 1, 2])
  func factors(strategy: (BiasDepthStrategy, [Float]), depthAxis: Int) throws {
    let (strategy, factors) = strategy
    var grid = [2, 2]
    grid.insert(3, at: depthAxis)
    let result = try resized(to: grid, strategy, depthAxis: depthAxis)
    #expect(result.shape.extents == [45, 2])
    let offsets = grid.map { 2 * $0 - 1 }
    for row in 0..<45 {
      var place = [
        row / (offsets[1] * offsets[2]), row / offsets[2] % offsets[1], row % offsets[2],
      ]
      let factor = factors[place.remove(at: depthAxis)]
      for head in 0..<2 {
        let original = table.values[(place[0] * 3 + place[1]) * 2 + head]
        #expect(result.values[row * 2 + head] == original * factor)
      }
    }
  }

  @Test("has as many rows as its window, or is refused")
  func refusals() {
    for (grid, rows) in [([2, 2], 10), ([3, 2], 9), ([2, 0], 9), ([2], 9)] {
      #expect {
        try RelativePositionBiasResize(
          from: Shape([rows, 2]), sourceGrid: grid, targetGrid: [2, 2, 2], classRowCount: 0,
          method: .bicubic)
      } throws: { ($0 as? Fault)?.code == .unsupportedGeometry }
    }
  }
}
