import CKernels

/// Every head's softmax(queries · keysᵀ / √headSize + bias) · values.
///
/// Scores exist for one block of queries at a time, so that memory grows with the number of
/// tokens, not with its square.
///
/// - Parameters:
///   - queryKeyValue: `[tokens, 3 · hidden]`: queries, keys, values; in each the heads side by side
///   - output: `[tokens, hidden]`, the heads side by side
package func attention(
  queryKeyValue: Matrix, headCount: Int, bias: RelativePositionBias? = nil,
  workspace: Workspace? = nil, into output: Matrix
) {
  let hidden = output.columnCount
  let tokens = queryKeyValue.rowCount
  precondition(queryKeyValue.columnCount == 3 * hidden && output.rowCount == tokens)
  precondition(headCount > 0 && hidden.isMultiple(of: headCount), "\(headCount) heads of \(hidden)")
  precondition(bias == nil || (bias!.headCount == headCount && bias!.tokenCount == tokens))
  let headSize = hidden / headCount
  let blockSize = AttentionOperands.blockSize
  let blocks = (tokens + blockSize - 1) / blockSize
  let kernels = InstructionSet.kernels
  withRows(queryKeyValue, output) { input, output in
    let operands = (0..<headCount).map { _ in
      AttentionOperands(tokens: tokens, headSize: headSize, kernels: kernels, from: workspace)
    }
    parallelFor(headCount) { head in
      operands[head].pack(
        keys: input.columns(hidden + head * headSize..<hidden + (head + 1) * headSize),
        values: input.columns(2 * hidden + head * headSize..<2 * hidden + (head + 1) * headSize),
        scale: 1 / Float(headSize).squareRoot())
    }
    parallelFor(headCount * blocks) { index in
      let (head, block) = index.quotientAndRemainder(dividingBy: blocks)
      let queries = block * blockSize..<min(tokens, (block + 1) * blockSize)
      let columns = head * headSize..<(head + 1) * headSize
      operands[head].attend(
        input.rows(queries).columns(columns),
        scores: operands[head].scores(count: blockSize, from: workspace),
        into: output.rows(queries).columns(columns)
      ) { scores in
        guard let bias else { return }
        for row in queries {
          bias.add(to: scores.row(row - queries.lowerBound), query: row, head: head)
        }
      }
    }
  }
}

/// One head's keys and values, arranged for the products with scores.
///
/// Sendable as pointers to constant code are.
struct AttentionOperands: @unchecked Sendable {
  let tokens: Int
  let headSize: Int
  private let keys: FloatBuffer
  private let values: FloatBuffer
  private let kernels: ck_kernels

  init(tokens: Int, headSize: Int, kernels: ck_kernels, from workspace: Workspace?) {
    self.kernels = kernels
    self.tokens = tokens
    self.headSize = headSize
    keys = FloatBuffer(
      count: PackedWeights.size(inputs: headSize, outputs: tokens), from: workspace)
    values = FloatBuffer(
      count: PackedWeights.size(inputs: tokens, outputs: headSize), from: workspace)
  }

  /// - Parameters:
  ///   - keys: `[tokens, headSize]`, values likewise
  ///   - scale: goes into the keys
  func pack(keys: Rows, values: Rows, scale: Float) {
    kernels.pack_transposed(keys.base, keys.rowStride, tokens, headSize, scale, self.keys.base)
    kernels.pack(values.base, values.rowStride, tokens, headSize, self.values.base)
  }

  /// How many queries' scores exist at a time.
  static let blockSize = 48

  /// Room for the scores of `count` queries, whole panels of keys.
  func scores(count: Int, from workspace: Workspace?) -> Matrix {
    Matrix(rows: count, columns: Panels.padded(tokens), from: workspace)
  }

  /// Some queries' results, on the calling thread.
  ///
  /// - Parameters:
  ///   - scores: room for at least as many
  ///   - window: what is added to the scores besides
  ///   - adjust: sees the scores `[queries, tokens]` before the softmax
  func attend(
    _ queries: Rows, scores: Matrix, window: WindowScores? = nil, into output: Rows,
    adjust: (Rows) -> Void = { _ in }
  ) {
    let stride = scores.rowStride
    withRows(scores) { scores in
      var product = ck_matrix_product(
        left: queries.base, left_stride: queries.rowStride, row_count: queries.rowCount,
        inner: headSize, panels: keys.base, bias: nil, output: scores.base, output_stride: stride,
        columns: tokens, accumulate: 0)
      kernels.matrix_product(&product)
      adjust(scores)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: queries.rowCount) { sums in
        kernels.exponentials(
          scores.base, stride, queries.rowCount, tokens, window?.bias, window?.stride ?? 0,
          window?.regions, window?.firstQuery ?? 0, sums.baseAddress!)
        product = ck_matrix_product(
          left: scores.base, left_stride: stride, row_count: queries.rowCount, inner: tokens,
          panels: values.base, bias: nil, output: output.base, output_stride: output.rowStride,
          columns: headSize, accumulate: 0)
        kernels.matrix_product(&product)
        // Dividing the few results by the sums is cheaper than the many scores.
        for row in 0..<queries.rowCount {
          let factor = 1 / sums[row]
          let result = output.row(row)
          for column in 0..<headSize { result[column] *= factor }
        }
      }
    }
  }
}

/// What a window adds to its scores: one head's bias `[queries, tokens]` for some queries, and the
/// region of each token; tokens of different regions do not see each other. Both can be read to
/// whole panels.
struct WindowScores {
  let bias: UnsafePointer<Float>?
  let stride: Int
  let regions: UnsafePointer<Float>?
  let firstQuery: Int
}

/// Softmax of every row, in place.
package func softmax(_ matrix: Matrix) {
  guard matrix.rowCount * matrix.columnCount > 0 else { return }
  let kernels = InstructionSet.kernels
  let padded = Matrix(rows: matrix.rowCount, columns: Panels.padded(matrix.columnCount))
  matrix.copy(to: padded.columns(0..<matrix.columnCount))
  withRows(padded, matrix) { rows, results in
    parallelFor(rows.rowCount) { index in
      var sum: Float = 0
      let row = rows.row(index)
      kernels.exponentials(row, rows.rowStride, 1, results.columnCount, nil, 0, nil, 0, &sum)
      for column in 0..<results.columnCount { results.row(index)[column] = row[column] / sum }
    }
  }
}
