import Diagnostics
import Tensors

/// Values for a target tensor that no source tensor gives.
package enum Initialisation: Sendable, Equatable {
  case ones
  case zeros
  /// Uniform in ±`bound`: PyTorch's default for convolutions (`kaiming_uniform_` with a = √5 is
  /// uniform in ±1/√fan-in). `stream` is derived from the seed and the tensor's name, so that one
  /// tensor's values do not depend on the others.
  case uniform(bound: Float, stream: UInt64)
  /// BEiT's row numbers of the relative-position-bias table for every pair of tokens.
  case relativePositionIndex(grid: [Int])

  package var summary: String {
    switch self {
    case .ones: "ones"
    case .zeros: "zeros"
    case .uniform(let bound, _): "uniform in ±\(bound)"
    case .relativePositionIndex(let grid):
      "computed for a grid of \(grid.map(String.init).joined(separator: "×"))"
    }
  }

  func bytes(for entry: PlannedTensor) throws -> [UInt8] {
    let count = entry.shape.elementCount
    switch self {
    case .ones: return try Initialisation.encode(Array(repeating: 1, count: count), as: entry.dtype)
    case .zeros:
      return try Initialisation.encode(Array(repeating: 0, count: count), as: entry.dtype)
    case .uniform(let bound, let stream):
      var generator = SplitMix64(state: stream)
      // 24 bits are what a 32-bit float holds exactly.
      let values = (0..<count).map { _ in
        (Float(generator.next() >> 40) * 0x1p-23 - 1) * bound
      }
      return try Initialisation.encode(values, as: entry.dtype)
    case .relativePositionIndex(let grid):
      return DType.bytes(of: Initialisation.relativePositionIndices(grid: grid))
    }
  }

  private static func encode(_ values: [Float], as dtype: DType) throws -> [UInt8] {
    dtype == .i64 ? DType.bytes(of: values.map { Int64($0) }) : try dtype.encode(values)
  }

  /// `[tokens + 1, tokens + 1]`: for two grid tokens the row of their offset, for pairs with the
  /// class token (which comes first) the last three rows of the table.
  package static func relativePositionIndices(grid: [Int]) -> [Int64] {
    let (height, width, depth) = (grid[0], grid[1], grid[2])
    let tokens = height * width * depth
    let rows = (2 * height - 1) * (2 * width - 1) * (2 * depth - 1)
    var index = [Int64](repeating: Int64(rows), count: (tokens + 1) * (tokens + 1))
    let positions = (0..<tokens).map { ($0 / (width * depth), $0 / depth % width, $0 % depth) }
    for (query, from) in positions.enumerated() {
      index[(query + 1) * (tokens + 1)] = Int64(rows + 1)
      for (key, to) in positions.enumerated() {
        let down = from.0 - to.0 + height - 1
        let across = from.1 - to.1 + width - 1
        let through = from.2 - to.2 + depth - 1
        index[(query + 1) * (tokens + 1) + key + 1] =
          Int64((down * (2 * width - 1) + across) * (2 * depth - 1) + through)
      }
    }
    index[0] = Int64(rows + 2)
    return index
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
