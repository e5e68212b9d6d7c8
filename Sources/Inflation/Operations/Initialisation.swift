import Architectures
import Diagnostics
import Glibc
import Tensors

/// Values for a target tensor that no source tensor gives.
package enum Initialisation: Sendable, Equatable {
  case ones
  case zeros
  /// Ones or zeros that compute the same as what the source does not have.
  case neutral(Float)
  /// Uniform in ±`bound`: PyTorch's default for convolutions and linear layers (`kaiming_uniform_`
  /// with a = √5 is uniform in ±1/√fan-in). `stream` is derived from the seed and the tensor's name,
  /// so that one tensor's values do not depend on the others.
  case uniform(bound: Float, stream: UInt64)
  /// BEiT's row numbers of the relative-position-bias table for every pair of tokens.
  case relativePositionIndex(grid: [Int])
  /// Swin's row numbers for every pair of places in a window.
  case windowPositionIndex(window: [Int])
  /// Sines and cosines of the position on a grid, a fixed embedding.
  case sinusoidalPositions(grid: [Int], hidden: Int)

  /// The table that follows from a model's geometry.
  ///
  /// - Parameter parameter: the model's hyper-parameter of that name.
  package init(
    _ derivation: TensorRule.Derivation, parameter: (String) throws -> Int
  ) throws {
    func extents(_ name: String, _ axes: [String]) throws -> [Int] {
      try axes.map { try parameter(name + $0) }
    }
    self =
      switch derivation {
      case .beitRelativePositionIndex:
        .relativePositionIndex(grid: try extents("grid", ["Height", "Width", "Depth"]))
      case .swinRelativePositionIndex:
        .windowPositionIndex(window: try extents("window", ["Height", "Width", "Depth"]))
      case .videoSwinRelativePositionIndex:
        .windowPositionIndex(window: try extents("window", ["Depth", "Height", "Width"]))
      }
  }

  /// The row numbers of a table of them; empty for all else.
  package var rowNumbers: [Int64] {
    switch self {
    case .relativePositionIndex(let grid): Initialisation.relativePositionIndices(grid: grid)
    case .windowPositionIndex(let window): Initialisation.windowPositionIndices(window: window)
    default: []
    }
  }

  package var summary: String {
    switch self {
    case .ones: "ones"
    case .zeros: "zeros"
    case .neutral(let value):
      value == 1 ? "ones, which change nothing" : "zeros, which change nothing"
    case .uniform(let bound, _): "uniform in ±\(bound)"
    case .relativePositionIndex(let grid), .windowPositionIndex(let grid):
      "computed for a grid of \(grid.map(String.init).joined(separator: "×"))"
    case .sinusoidalPositions(let grid, _):
      "sines and cosines over \(grid.map(String.init).joined(separator: "×"))"
    }
  }

  /// Whether the model computes the same with it.
  var isNeutral: Bool {
    switch self {
    case .neutral, .relativePositionIndex, .windowPositionIndex: true
    case .ones, .zeros, .uniform, .sinusoidalPositions: false
    }
  }

  func bytes(_ shape: Shape, as dtype: DType) throws -> [UInt8] {
    switch self {
    case .relativePositionIndex, .windowPositionIndex: return DType.bytes(of: rowNumbers)
    default:
      let values = values(shape.elementCount)
      return dtype == .i64 ? DType.bytes(of: values.map { Int64($0) }) : try dtype.encode(values)
    }
  }

  func values(_ count: Int) -> [Float] {
    switch self {
    case .ones: return Array(repeating: 1, count: count)
    case .zeros: return Array(repeating: 0, count: count)
    case .neutral(let value): return Array(repeating: value, count: count)
    case .uniform(let bound, let stream):
      var generator = SplitMix64(state: stream)
      // 24 bits are what a 32-bit float holds exactly.
      return (0..<count).map { _ in (Float(generator.next() >> 40) * 0x1p-23 - 1) * bound }
    case .relativePositionIndex, .windowPositionIndex: return rowNumbers.map { Float($0) }
    case .sinusoidalPositions(let grid, let hidden):
      return SinusoidalPositions(grid: grid, hidden: hidden).values
    }
  }

  /// `[tokens + 1, tokens + 1]`: for two grid tokens the row of their offset, for pairs with the
  /// class token (which comes first) the last three rows of the table.
  package static func relativePositionIndices(grid: [Int]) -> [Int64] {
    let tokens = grid.reduce(1, *)
    let rows = Int64(grid.reduce(1) { $0 * (2 * $1 - 1) })
    let inner = windowPositionIndices(window: grid)
    var index = [Int64](repeating: rows, count: (tokens + 1) * (tokens + 1))
    for query in 0..<tokens {
      index[(query + 1) * (tokens + 1)] = rows + 1
      for key in 0..<tokens {
        index[(query + 1) * (tokens + 1) + key + 1] = inner[query * tokens + key]
      }
    }
    index[0] = rows + 2
    return index
  }

  /// `[places, places]`: the row of the offset between two places of a window, both counted
  /// row-major over its axes.
  package static func windowPositionIndices(window: [Int]) -> [Int64] {
    let places = window.reduce(1, *)
    var coordinates = [[Int]](repeating: [], count: places)
    for place in 0..<places {
      var rest = place
      coordinates[place] = window.reversed().map { extent in
        defer { rest /= extent }
        return rest % extent
      }.reversed()
    }
    var index: [Int64] = []
    index.reserveCapacity(places * places)
    for from in coordinates {
      for to in coordinates {
        var row = 0
        for axis in window.indices {
          row = row * (2 * window[axis] - 1) + from[axis] - to[axis] + window[axis] - 1
        }
        index.append(Int64(row))
      }
    }
    return index
  }
}

/// Fixed embeddings of positions: per axis a third (or a half) of the channels, first sines, then
/// cosines, of the position times falling frequencies 10000^(−k/n); the second axis comes first.
///
/// Source: He et al., MAE, whose axis order MONAI's `build_sincos_position_embedding` keeps in 3D.
struct SinusoidalPositions {
  let grid: [Int]
  let hidden: Int

  /// `[tokens, hidden]`, tokens row-major over the grid.
  var values: [Float] {
    let frequencies = hidden / (2 * grid.count)
    let tokens = grid.reduce(1, *)
    var values = [Float](repeating: 0, count: tokens * hidden)
    for token in 0..<tokens {
      var rest = token
      var position = [Int](repeating: 0, count: grid.count)
      for axis in grid.indices.reversed() {
        position[axis] = rest % grid[axis]
        rest /= grid[axis]
      }
      for (place, axis) in ([1, 0] + Array(2..<max(2, grid.count))).prefix(grid.count).enumerated()
      {
        for frequency in 0..<frequencies {
          let angle =
            Double(position[axis])
            / pow(10000, Double(frequency) / Double(frequencies))
          let start = token * hidden + 2 * place * frequencies + frequency
          values[start] = Float(sin(angle))
          values[start + frequencies] = Float(cos(angle))
        }
      }
    }
    return values
  }
}

/// Steele, Lea and Flood's generator: tiny, well mixed, the same on every machine.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A stream of its own for each name: FNV-1a over the seed and the name.
  static func stream(seed: UInt64, name: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ seed
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }
}
