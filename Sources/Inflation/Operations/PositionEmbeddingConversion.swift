import Architectures
import Diagnostics
import Glibc
import Tensors

/// Brings a position embedding `[prefix rows + tokens, hidden]` to another grid, and from 2D to 3D.
///
/// Tokens are row-major over the grid; the first rows belong to tokens beside the grid, such as the
/// class token.
struct PositionEmbeddingConversion: TensorComputation {
  let shape: Shape
  /// The roles of the tokens that the source's first rows belong to.
  let sourcePrefix: [Role]
  let targetPrefix: [Role]
  /// Tokens along the axes: two of them, or three.
  let sourceGrid: [Int]
  let targetGrid: [Int]
  let depthAxis: Int
  let method: PositionResizeMethod
  var depth: PositionDepthStrategy
  /// Nearest neighbours, and the class token's row last: what the paper's loader makes.
  var isTransSegCompatible: Bool

  private var planeGrid: [Int] {
    var grid = targetGrid
    if sourceGrid.count == 2, grid.count == 3 { grid.remove(at: depthAxis) }
    return grid
  }

  var changesGrid: Bool { sourceGrid != planeGrid }

  /// Whether the embedding stays as it is.
  var isIdentity: Bool {
    !changesGrid && sourcePrefix == targetPrefix
      && (sourceGrid.count == 3 || (targetGrid[depthAxis] == 1 && !depth.addsToTiles))
  }

  var action: Action {
    if changesGrid { return .resize }
    return sourceGrid.count == 2 && targetGrid[depthAxis] > 1 ? .inflate : .split
  }

  var exactness: Exactness {
    let isDeep = sourceGrid.count == 2 && targetGrid[depthAxis] > 1
    return changesGrid || (isDeep && depth != .tile) || isTransSegCompatible ? .resized : .exact
  }

  var detail: String {
    let grids =
      "\(sourceGrid.map(String.init).joined(separator: "×")) → "
      + targetGrid.map(String.init).joined(separator: "×")
    let dropped = sourcePrefix.filter { !targetPrefix.contains($0) }.map(\.path)
    return [
      isTransSegCompatible
        ? "nearest \(grids), class token last"
        : changesGrid ? "\(method.rawValue) \(grids)" : grids,
      sourceGrid.count == 2 && targetGrid[depthAxis] > 1 ? "depth \(depth.name)" : nil,
      dropped.isEmpty ? nil : "without the row of \(dropped.joined(separator: ", "))",
    ].compactMap { $0 }.joined(separator: ", ")
  }

  func apply(to inputs: [FloatTensor]) throws -> FloatTensor {
    let hidden = shape[1]
    let prefix = inputs[0].values.prefix(sourcePrefix.count * hidden)
    var tokens = try FloatTensor(
      shape: Shape(sourceGrid + [hidden]), values: Array(inputs[0].values.dropFirst(prefix.count)))
    for (axis, (from, to)) in zip(sourceGrid, planeGrid).enumerated() where from != to {
      tokens = try weights(from: from, to: to).applied(to: tokens, axis: axis)
    }
    if sourceGrid.count == 2 {
      let depthCount = targetGrid[depthAxis]
      tokens = try tokens.spread(
        over: depth.weights(depth: depthCount), at: depthAxis, shape: Shape(targetGrid + [hidden]))
      if case .sinusoidal(let scale) = depth { addDepthWaves(to: &tokens, scale: Float(scale)) }
    }
    let rows = targetPrefix.flatMap { role -> [Float] in
      guard let row = sourcePrefix.firstIndex(of: role) else {
        return [Float](repeating: 0, count: hidden)
      }
      return Array(prefix[row * hidden..<(row + 1) * hidden])
    }
    return try FloatTensor(
      shape: shape, values: isTransSegCompatible ? tokens.values + rows : rows + tokens.values)
  }

  private func weights(from source: Int, to target: Int) -> InterpolationWeights {
    if isTransSegCompatible { return .nearest(from: source, to: target) }
    return switch method {
    case .bicubic: .bicubic(from: source, to: target)
    case .bicubicAntialiased: .bicubicAntialiased(from: source, to: target)
    }
  }

  /// Adds sines and cosines of the slice's number, as in "Attention is all you need", section 3.5.
  private func addDepthWaves(to tokens: inout FloatTensor, scale: Float) {
    let hidden = shape[1]
    let inner = targetGrid.dropFirst(depthAxis + 1).reduce(1, *)
    let frequencies = hidden / 2
    for token in 0..<tokens.values.count / hidden {
      let slice = token / inner % targetGrid[depthAxis]
      for frequency in 0..<frequencies {
        let angle = Double(slice) / pow(10000, Double(frequency) / Double(frequencies))
        tokens[token * hidden + frequency] += scale * Float(sin(angle))
        tokens[token * hidden + frequencies + frequency] += scale * Float(cos(angle))
      }
    }
  }
}
