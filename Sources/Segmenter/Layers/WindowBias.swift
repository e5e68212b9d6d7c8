import Architectures
import Kernels

#if canImport(Glibc)
  import Glibc
#endif

/// What window attention adds to the score of each pair of positions.
///
/// A table has a row for each offset of two positions, by query minus key, row by row, column by
/// column, slice by slice. Swin V2 has no table but a perceptron that computes one from the offsets.
struct WindowBias: Sendable {
  /// `[(2 · height − 1)(2 · width − 1)(2 · depth − 1), heads]`
  private let table: Matrix
  /// Height, width, depth.
  private let window: [Int]
  private let tokenOrder: [Int]

  init(
    _ loader: WeightLoader, _ role: Role, window: [Int], heads: Int, tokenOrder: [Int]
  ) throws {
    self.window = window
    self.tokenOrder = tokenOrder
    let rows = window.reduce(1) { $0 * (2 * $1 - 1) }
    if loader.contains("\(role).continuousBias.fc1.weight") {
      table = try WindowBias.continuous(
        loader, "\(role).continuousBias", window: window, heads: heads)
    } else {
      table = try loader.matrix("\(role).relativePositionBias", shape: [rows, heads])
    }
  }

  /// The table that Swin V2's perceptron gives: 16 times the logistic function of its output for
  /// offsets brought to ±8 and then to a logarithmic scale (arXiv:2111.09883, section 3.3).
  private static func continuous(
    _ loader: WeightLoader, _ role: Role, window: [Int], heads: Int
  ) throws -> Matrix {
    let width = 512
    func scaled(_ offset: Int, _ extent: Int) -> Float {
      let position = Double(offset - extent + 1) / Double(max(1, extent - 1)) * 8
      let magnitude = log2(abs(position) + 1) / 3
      return Float(position < 0 ? -magnitude : magnitude)
    }
    var offsets: [Float] = []
    for row in 0..<2 * window[0] - 1 {
      for column in 0..<2 * window[1] - 1 {
        offsets += [scaled(row, window[0]), scaled(column, window[1])]
      }
    }
    let input = Matrix(rows: offsets.count / 2, columns: 2, values: offsets)
    let inner = Matrix(rows: input.rowCount, columns: width)
    let output = Matrix(rows: input.rowCount, columns: heads)
    try LinearLayer(
      loader, "\(role).fc1", inputs: 2, outputs: width, activation: .rectified)(
        input, into: inner)
    try LinearLayer(loader, "\(role).fc2", inputs: width, outputs: heads)(inner, into: output)
    let values = output.values.map { 16 / (1 + exp(-$0)) }
    return Matrix(rows: output.rowCount, columns: heads, values: values)
  }

  /// The biases of a window: `[heads · tokens, tokens]`.
  ///
  /// - Parameter size: the window's extents; smaller than the weights' where the map is
  func dense(for size: [Int], workspace: Workspace) -> Matrix {
    let numbers = offsets(for: size)
    return pairwiseBias(
      table: table, queries: numbers.query, keys: numbers.key, workspace: workspace)
  }

  /// Numbers whose difference is the table's row for a query and a key.
  private func offsets(for size: [Int]) -> (query: [Int], key: [Int]) {
    let tokens = size.reduce(1, *)
    let strides = [(2 * window[1] - 1) * (2 * window[2] - 1), 2 * window[2] - 1, 1]
    let origin = (0..<3).reduce(0) { $0 + (window[$1] - 1) * strides[$1] }
    let key = (0..<tokens).map { token in
      let position = position(of: token, in: size)
      return (0..<3).reduce(0) { $0 + position[$1] * strides[$1] }
    }
    return (key.map { $0 + origin }, key)
  }

  /// Where in the weights' window a token of the actual one is taken to stand.
  private func position(of token: Int, in size: [Int]) -> [Int] {
    let own = [token / (size[1] * size[2]), token / size[2] % size[1], token % size[2]]
    guard size != window else { return own }
    var number = 0
    for axis in tokenOrder { number = number * size[axis] + own[axis] }
    var position = own
    for axis in tokenOrder.reversed() {
      position[axis] = number % window[axis]
      number /= window[axis]
    }
    return position
  }
}
