/// What is done to a product before it is stored.
package enum Activation: Sendable {
  case none
  case rectified
  /// A hundredth of negative values stays.
  case leaky
  /// x · Φ(x) with the normal distribution's Φ.
  case gelu
  /// The approximation of `gelu` by the hyperbolic tangent.
  case tanhGELU
  /// x times the logistic function of 1.702 x, as CLIP has it.
  case quickGELU
}

/// `output = activation(input · weightsᵀ + bias)`, or with `accumulate`
/// `output = activation(output + input · weightsᵀ + bias)`.
///
/// - Parameters:
///   - input: `[rows, inputs]`
///   - weights: `[outputs, inputs]`, as checkpoints store linear layers
///   - bias: `outputs` values
///   - output: `[rows, outputs]`
package func multiply(
  _ input: Matrix, byTransposed weights: Matrix, bias: [Float]? = nil, accumulate: Bool = false,
  activation: Activation = .none, into output: Matrix
) {
  precondition(input.columnCount == weights.columnCount, "inputs of product and weights differ")
  precondition(output.rowCount == input.rowCount && output.columnCount == weights.rowCount)
  precondition(bias == nil || bias!.count == weights.rowCount)
  let tiling = ProductTiling(
    rows: input.rowCount, columns: weights.rowCount, inner: input.columnCount)
  withRows(input, weights, output) { input, weights, output in
    parallelFor(tiling.count) { index in
      let (rows, columns) = tiling.tile(index)
      let tile = output.rows(rows).columns(columns)
      initialise(tile, bias: bias, firstColumn: columns.lowerBound, accumulate: accumulate)
      // Always an addition to what is there: the library then takes one path for the first of
      // several products and for the following ones, and adding zeros changes no bit.
      product(
        input.rows(rows), byTransposed: weights.rows(columns), accumulate: true, into: tile)
      apply(activation, to: tile)
    }
  }
}

/// How a product is cut into tiles. It depends on the shape alone, never on the number of threads,
/// and every tile runs over the whole inner extent: so does every sum, in one order.
struct ProductTiling {
  let rows: Int
  let columns: Int
  let rowTiles: Int
  let columnTiles: Int

  init(rows: Int, columns: Int, inner: Int) {
    self.rows = rows
    self.columns = columns
    // Each tile packs its operands anew: large tiles waste less, many tiles balance better.
    var rowTiles = max(1, (rows + 383) / 384)
    var columnTiles = max(1, (columns + 767) / 768)
    let worthwhile = rows * columns / 16_384 * inner / 64
    while rowTiles * columnTiles < min(8, worthwhile) {
      if rows / rowTiles >= columns / columnTiles { rowTiles *= 2 } else { columnTiles *= 2 }
    }
    self.rowTiles = rowTiles
    self.columnTiles = columnTiles
  }

  var count: Int { rows == 0 || columns == 0 ? 0 : rowTiles * columnTiles }

  func tile(_ index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (row, column) = index.quotientAndRemainder(dividingBy: columnTiles)
    return (
      rows * row / rowTiles..<rows * (row + 1) / rowTiles,
      columns * column / columnTiles..<columns * (column + 1) / columnTiles
    )
  }
}

private func initialise(_ tile: Rows, bias: [Float]?, firstColumn: Int, accumulate: Bool) {
  guard let bias else {
    if !accumulate { tile.fill(with: 0) }
    return
  }
  bias.withUnsafeBufferPointer { bias in
    let bias = bias.baseAddress! + firstColumn
    for index in 0..<tile.rowCount {
      let row = tile.row(index)
      if accumulate {
        for column in 0..<tile.columnCount { row[column] += bias[column] }
      } else {
        row.update(from: bias, count: tile.columnCount)
      }
    }
  }
}

/// `output = scale · input · weightsᵀ` on the calling thread, or with `accumulate` that much more.
func product(
  _ input: Rows, byTransposed weights: Rows, scale: Float = 1, accumulate: Bool = false,
  into output: Rows
) {
  guard input.rowCount > 0, weights.rowCount > 0 else { return }
  MatrixLibrary.loaded.product(
    input, weights, isTransposed: true, inner: input.columnCount, scale: scale,
    accumulate: accumulate, into: output)
}

/// `output = left · right` on the calling thread.
func product(_ left: Rows, by right: Rows, into output: Rows) {
  guard left.rowCount > 0, right.columnCount > 0 else { return }
  MatrixLibrary.loaded.product(
    left, right, isTransposed: false, inner: left.columnCount, scale: 1, accumulate: false,
    into: output)
}
