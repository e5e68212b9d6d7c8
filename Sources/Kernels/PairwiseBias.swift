/// The biases of all pairs of positions in a window, `[heads · positions, positions]`, from a table
/// `[rows, heads]`: a query and a key have the table's row `queries[query] − keys[key]`.
package func pairwiseBias(
  table: Matrix, queries: [Int], keys: [Int], workspace: Workspace? = nil
) -> Matrix {
  let (heads, positions) = (table.columnCount, queries.count)
  precondition(keys.count == positions)
  let bias = windowBias(heads: heads, tokens: positions, from: workspace)
  let values = table.values
  withRows(bias) { bias in
    parallelRanges(bias.rowCount, of: 16) { range in
      for row in range {
        let (head, query) = row.quotientAndRemainder(dividingBy: positions)
        let target = bias.row(row)
        for key in 0..<positions {
          target[key] = values[(queries[query] - keys[key]) * heads + head]
        }
      }
    }
  }
  return bias
}

/// Room for what windows add to their scores, `[heads · tokens, tokens]`, in rows that kernels can
/// read to whole panels.
package func windowBias(heads: Int, tokens: Int, from workspace: Workspace? = nil) -> Matrix {
  Matrix(rows: heads * tokens, columns: Panels.padded(tokens), from: workspace)
    .columns(0..<tokens)
}
