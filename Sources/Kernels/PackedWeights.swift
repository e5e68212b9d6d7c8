import CKernels

/// The right operand of a product, arranged once for the micro-kernels: panels of 16 outputs,
/// `[panel, inputs, 16]`, zeros where the last panel has no outputs.
///
/// Libraries pack their operands anew at every call, which products with few rows never earn back.
package struct PackedWeights: Sendable {
  package let inputs: Int
  package let outputs: Int
  let panels: FloatBuffer
  let bias: PaddedChannels?

  /// - Parameters:
  ///   - weights: `[outputs, inputs]`, as checkpoints store linear layers
  ///   - bias: `outputs` values
  package init(_ weights: Matrix, bias: [Float]? = nil) {
    inputs = weights.columnCount
    outputs = weights.rowCount
    panels = FloatBuffer(count: PackedWeights.size(inputs: inputs, outputs: outputs))
    self.bias = bias.map { PaddedChannels($0) }
    let kernels = InstructionSet.kernels
    let panels = panels
    withRows(weights) { rows in
      parallelRanges(rows.rowCount, of: 4 * Panels.width) { range in
        kernels.pack_transposed(
          rows.row(range.lowerBound), rows.rowStride, range.count, rows.columnCount, 1,
          panels.base + range.lowerBound * rows.columnCount)
      }
    }
  }

  static func size(inputs: Int, outputs: Int) -> Int { Panels.padded(outputs) * inputs }
}

/// Values for each channel, padded with zeros to whole panels: kernels read them in whole vectors.
struct PaddedChannels: Sendable {
  let buffer: FloatBuffer
  let count: Int

  init(_ values: [Float]) {
    count = values.count
    buffer = FloatBuffer(count: Panels.padded(values.count))
    for index in 0..<buffer.count { buffer.base[index] = index < count ? values[index] : 0 }
  }

  var base: UnsafeMutablePointer<Float> { buffer.base }
}

/// `output = activation(input · weightsᵀ + bias)`, or with `accumulate`
/// `output = activation(output + input · weightsᵀ + bias)`.
///
/// - Parameters:
///   - input: `[rows, inputs]`
///   - output: `[rows, outputs]`
package func multiply(
  _ input: Matrix, by weights: PackedWeights, accumulate: Bool = false,
  activation: Activation = .none, into output: Matrix
) {
  precondition(input.columnCount == weights.inputs, "inputs of product and weights differ")
  precondition(output.rowCount == input.rowCount && output.columnCount == weights.outputs)
  let kernels = InstructionSet.kernels
  let tiling = ProductTiling(
    rows: input.rowCount, columns: weights.outputs, inner: weights.inputs)
  withRows(input, output) { input, output in
    withExtendedLifetime(weights) {
      parallelFor(tiling.count) { index in
        let (rows, columns) = tiling.tile(index)
        let tile = output.rows(rows).columns(columns)
        var product = ck_matrix_product(
          left: input.row(rows.lowerBound), left_stride: input.rowStride, row_count: rows.count,
          inner: weights.inputs, panels: weights.panels.base + columns.lowerBound * weights.inputs,
          bias: weights.bias.map { UnsafePointer($0.base + columns.lowerBound) },
          output: tile.base, output_stride: tile.rowStride, columns: columns.count,
          accumulate: accumulate ? 1 : 0)
        kernels.matrix_product(&product)
        // The tile is still in the second cache.
        kernels.activate(
          tile.base, tile.rowStride, tile.rowCount, tile.columnCount, activation.kernel)
      }
    }
  }
}

/// The first `outputs` columns of every row become `row · weightsᵀ`; the others stay.
package func multiplyInPlace(
  _ matrix: Matrix, by weights: PackedWeights, workspace: Workspace? = nil
) {
  precondition(matrix.columnCount == weights.inputs && weights.outputs <= weights.inputs)
  let kernels = InstructionSet.kernels
  withRows(matrix) { rows in
    withExtendedLifetime(weights) {
      parallelRanges(rows.rowCount, of: 216) { range in
        let results = Matrix(rows: range.count, columns: weights.outputs, from: workspace)
        withRows(results) { results in
          var product = ck_matrix_product(
            left: rows.row(range.lowerBound), left_stride: rows.rowStride, row_count: range.count,
            inner: weights.inputs, panels: weights.panels.base,
            bias: weights.bias.map { UnsafePointer($0.base) }, output: results.base,
            output_stride: results.rowStride, columns: weights.outputs, accumulate: 0)
          kernels.matrix_product(&product)
          for (index, row) in range.enumerated() {
            rows.row(row).update(from: results.row(index), count: weights.outputs)
          }
        }
      }
    }
  }
}

/// How a product is cut into tiles. It depends on the shape alone, never on the number of threads,
/// and every tile runs over the whole inner extent: so does every sum, in one order.
struct ProductTiling {
  private let rows: Int
  private let columns: Int
  /// The rows of a tile; those at the end may have fewer. Whole groups of the largest micro-kernel.
  private let tileRows: Int
  /// Likewise its columns, whole panels.
  private let tileColumns: Int

  init(rows: Int, columns: Int, inner: Int) {
    self.rows = rows
    self.columns = columns
    let rowTiles = max(1, (rows + 215) / 216)
    tileRows = max(12, ((rows + rowTiles - 1) / rowTiles + 11) / 12 * 12)
    let panels = Panels.count(for: columns)
    // Enough tiles for several threads to end at about the same time, none so small that handing it
    // out shows.
    let work = rows * columns * inner
    let wanted = max(1, min((31 + rowTiles) / rowTiles, work / rowTiles / 1_000_000))
    tileColumns = max(1, (panels + wanted - 1) / wanted) * Panels.width
  }

  private var rowTiles: Int { (rows + tileRows - 1) / tileRows }
  private var columnTiles: Int { (columns + tileColumns - 1) / tileColumns }

  var count: Int { rowTiles * columnTiles }

  func tile(_ index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    // Tiles that share their weights follow each other.
    let (column, row) = index.quotientAndRemainder(dividingBy: rowTiles)
    return (
      row * tileRows..<min(rows, (row + 1) * tileRows),
      column * tileColumns..<min(columns, (column + 1) * tileColumns)
    )
  }
}
