/// A transposed convolution with kernel 2 and stride 2: every pixel becomes a square of four.
package struct TransposedConvolution: Sendable {
  package let inputChannels: Int
  package let outputChannels: Int
  /// `[2 · 2 · outputs, inputs]`: row of the square, column of the square, channel.
  private let weights: Matrix
  /// Repeated for the square's four pixels.
  private let bias: [Float]
  private let activation: Activation

  /// - Parameters:
  ///   - weights: `[inputs, outputs, 2, 2]`, as checkpoints store them
  ///   - norm: a normalisation of the outputs, taken into weights and bias
  package init(
    weights: [Float], inputs: Int, outputs: Int, bias: [Float], norm: BatchNormalisation? = nil,
    activation: Activation = .none
  ) {
    precondition(weights.count == inputs * outputs * 4 && bias.count == outputs)
    inputChannels = inputs
    outputChannels = outputs
    self.activation = activation
    let bias = norm?.foldedBias(bias) ?? bias
    self.bias = (0..<4).flatMap { _ in bias }
    var arranged = [Float](repeating: 0, count: weights.count)
    for input in 0..<inputs {
      for output in 0..<outputs {
        for position in 0..<4 {
          arranged[(position * outputs + output) * inputs + input] =
            weights[(input * outputs + output) * 4 + position] * (norm?.scale[output] ?? 1)
        }
      }
    }
    self.weights = Matrix(rows: 4 * outputs, columns: inputs, values: arranged)
  }

  /// - Parameters:
  ///   - input: `[height, width, inputs]`
  ///   - output: `[2 · height, 2 · width, outputs]`
  package func apply(to input: FeatureMap, workspace: Workspace? = nil, into output: FeatureMap) {
    precondition(input.channelCount == inputChannels && output.channelCount == outputChannels)
    precondition(output.height == 2 * input.height && output.width == 2 * input.width)
    // Blocks keep the squares close by until they are put in their places.
    let pixels = input.height * input.width
    let blockSize = max(1, min(pixels, 8192))
    for start in stride(from: 0, to: pixels, by: blockSize) {
      let range = start..<min(pixels, start + blockSize)
      let squares = Matrix(rows: range.count, columns: 4 * outputChannels, from: workspace)
      multiply(
        input.pixels.rows(range), byTransposed: weights, bias: bias, activation: activation,
        into: squares)
      place(squares, firstPixel: start, width: input.width, into: output)
    }
  }

  private func place(_ squares: Matrix, firstPixel: Int, width: Int, into output: FeatureMap) {
    let outputs = outputChannels
    withRows(squares, output.pixels) { squares, output in
      parallelRanges(squares.rowCount, of: 128) { range in
        for index in range {
          let (y, x) = (firstPixel + index).quotientAndRemainder(dividingBy: width)
          for position in 0..<4 {
            let pixel = (2 * y + position / 2) * 2 * width + 2 * x + position % 2
            output.row(pixel).update(from: squares.row(index) + position * outputs, count: outputs)
          }
        }
      }
    }
  }
}
