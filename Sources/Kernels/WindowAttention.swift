import CKernels

/// Attention within windows of a feature map, with a learned bias for each pair of positions in a
/// window and head.
///
/// Tokens that padding adds have queries, keys and values too: those that a zero input gives.
package struct WindowAttention: Sendable {
  package let layout: WindowLayout
  private let pixels: [Int32]
  private let regions: [Float]?

  package init(_ layout: WindowLayout) {
    self.layout = layout
    pixels = layout.pixels()
    regions = layout.regions().map { $0 + [Float](repeating: 0, count: Panels.width) }
  }

  /// How scores come from queries and keys.
  package enum Scoring: Sendable {
    /// Scalar product over √headSize.
    case scaled
    /// Cosine times a factor for each head (Swin V2, arXiv:2111.09883).
    case cosine([Float])
  }

  /// - Parameters:
  ///   - queryKeyValue: `[pixels, 3 · hidden]`: queries, keys, values; in each the heads side by
  ///     side
  ///   - padding: the same for a padded token, `3 · hidden` values
  ///   - bias: `[heads · tokensInWindow, tokensInWindow]` in the memory that ``windowBias`` gives
  ///   - output: `[pixels, hidden]`
  package func apply(
    queryKeyValue: Matrix, padding: [Float], headCount: Int, bias: Matrix,
    scoring: Scoring = .scaled, workspace: Workspace? = nil, into output: Matrix
  ) {
    let hidden = output.columnCount
    let tokens = layout.tokensInWindow
    precondition(queryKeyValue.columnCount == 3 * hidden && padding.count == 3 * hidden)
    precondition(bias.rowCount == headCount * tokens && bias.columnCount == tokens)
    precondition(bias.rowStride >= Panels.padded(tokens))
    precondition(output.rowCount == layout.extents.reduce(1, *) && hidden % headCount == 0)
    let headSize = hidden / headCount
    let kernels = InstructionSet.kernels
    withRows(queryKeyValue, output, bias) { input, output, bias in
      parallelFor(layout.windowCount * headCount) { index in
        let (window, head) = index.quotientAndRemainder(dividingBy: headCount)
        let task = WindowTask(
          first: window * tokens, tokens: tokens, head: head, headSize: headSize, hidden: hidden)
        let gathered = Matrix(rows: 3 * tokens, columns: headSize, from: workspace)
        let results = Matrix(rows: tokens, columns: headSize, from: workspace)
        withRows(gathered, results) { gathered, results in
          gather(task, input, padding, into: gathered)
          attend(
            task, gathered, scale: prepare(task, gathered, scoring),
            bias: bias.rows(head * tokens..<(head + 1) * tokens), kernels, workspace, into: results)
          scatter(task, results, into: output)
        }
      }
    }
  }

  /// One head in one window.
  private struct WindowTask {
    let first: Int
    let tokens: Int
    let head: Int
    let headSize: Int
    let hidden: Int
  }

  /// The head's queries, keys and values, one below the other.
  private func gather(_ task: WindowTask, _ input: Rows, _ padding: [Float], into target: Rows) {
    padding.withUnsafeBufferPointer { padding in
      for token in 0..<task.tokens {
        let pixel = Int(pixels[task.first + token])
        let source = pixel < 0 ? padding.baseAddress! : UnsafePointer(input.row(pixel))
        for part in 0..<3 {
          target.row(part * task.tokens + token).update(
            from: source + part * task.hidden + task.head * task.headSize, count: task.headSize)
        }
      }
    }
  }

  /// - Returns: the factor of the scores
  private func prepare(_ task: WindowTask, _ gathered: Rows, _ scoring: Scoring) -> Float {
    switch scoring {
    case .scaled: return 1 / Float(task.headSize).squareRoot()
    case .cosine(let factors):
      for index in 0..<2 * task.tokens {
        let row = gathered.row(index)
        var squares: Float = 0
        for column in 0..<task.headSize { squares += row[column] * row[column] }
        let factor = 1 / max(squares.squareRoot(), 1e-12)
        for column in 0..<task.headSize { row[column] *= factor }
      }
      return factors[task.head]
    }
  }

  private func attend(
    _ task: WindowTask, _ gathered: Rows, scale: Float, bias: Rows, _ kernels: ck_kernels,
    _ workspace: Workspace?, into results: Rows
  ) {
    let operands = AttentionOperands(
      tokens: task.tokens, headSize: task.headSize, kernels: kernels, from: workspace)
    operands.pack(
      keys: gathered.rows(task.tokens..<2 * task.tokens),
      values: gathered.rows(2 * task.tokens..<3 * task.tokens), scale: scale)
    let isDivided = regions.map { regions in
      let own = regions[task.first..<task.first + task.tokens]
      return own.contains { $0 != own.first }
    }
    let blockSize = AttentionOperands.blockSize
    let scores = operands.scores(count: min(task.tokens, blockSize), from: workspace)
    (regions ?? []).withUnsafeBufferPointer { regions in
      for start in stride(from: 0, to: task.tokens, by: blockSize) {
        let queries = start..<min(task.tokens, start + blockSize)
        operands.attend(
          gathered.rows(queries), scores: scores,
          window: WindowScores(
            bias: bias.row(start), stride: bias.rowStride,
            regions: isDivided == true ? regions.baseAddress! + task.first : nil,
            firstQuery: start),
          into: results.rows(queries))
      }
    }
  }

  private func scatter(_ task: WindowTask, _ results: Rows, into output: Rows) {
    for token in 0..<task.tokens {
      let pixel = Int(pixels[task.first + token])
      guard pixel >= 0 else { continue }
      (output.row(pixel) + task.head * task.headSize).update(
        from: results.row(token), count: task.headSize)
    }
  }
}
