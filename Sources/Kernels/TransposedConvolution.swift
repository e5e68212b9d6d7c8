/// A transposed convolution with kernel 2 and stride 2: every pixel becomes a square of four, every
/// voxel a cube of eight.
package struct TransposedConvolution: Sendable {
  package let inputChannels: Int
  package let outputChannels: Int
  /// Whether the depth doubles too.
  package let doublesDepth: Bool
  /// `[corners · outputs, inputs]`: corner of the cube, row by row, then channel.
  private let weights: PackedWeights
  private let activation: Activation

  /// - Parameters:
  ///   - weights: `[inputs, outputs, 2, 2]` or `[inputs, outputs, 2, 2, 2]`, as checkpoints store
  ///     them
  ///   - norm: a normalisation of the outputs, taken into weights and bias
  package init(
    weights: [Float], inputs: Int, outputs: Int, doublesDepth: Bool = false, bias: [Float]? = nil,
    norm: BatchNormalisation? = nil, activation: Activation = .none
  ) {
    let corners = doublesDepth ? 8 : 4
    precondition(weights.count == inputs * outputs * corners && bias?.count ?? outputs == outputs)
    inputChannels = inputs
    outputChannels = outputs
    self.doublesDepth = doublesDepth
    self.activation = activation
    let bias = bias ?? [Float](repeating: 0, count: outputs)
    let shift = norm?.foldedBias(bias) ?? bias
    var arranged = [Float](repeating: 0, count: weights.count)
    for input in 0..<inputs {
      for output in 0..<outputs {
        for corner in 0..<corners {
          arranged[(corner * outputs + output) * inputs + input] =
            weights[(input * outputs + output) * corners + corner] * (norm?.scale[output] ?? 1)
        }
      }
    }
    self.weights = PackedWeights(
      Matrix(rows: corners * outputs, columns: inputs, values: arranged),
      bias: (0..<corners).flatMap { _ in shift })
  }

  /// - Parameters:
  ///   - input: `[height, width, depth, inputs]`
  ///   - output: `[2 · height, 2 · width, depth or 2 · depth, outputs]`
  package func apply(to input: FeatureMap, workspace: Workspace? = nil, into output: FeatureMap) {
    precondition(input.channelCount == inputChannels && output.channelCount == outputChannels)
    precondition(output.height == 2 * input.height && output.width == 2 * input.width)
    precondition(output.depth == (doublesDepth ? 2 : 1) * input.depth)
    // Blocks keep the cubes close by until they are put in their places.
    let blockSize = max(1, min(input.pixelCount, 8192 * 4 / weights.outputs * 256))
    for start in stride(from: 0, to: input.pixelCount, by: blockSize) {
      let range = start..<min(input.pixelCount, start + blockSize)
      let cubes = Matrix(rows: range.count, columns: weights.outputs, from: workspace)
      multiply(input.pixels.rows(range), by: weights, activation: activation, into: cubes)
      place(cubes, firstPixel: start, of: input, into: output)
    }
  }

  /// The output's extents for an input.
  package func output(for input: FeatureMap, from workspace: Workspace? = nil) -> FeatureMap {
    FeatureMap(
      height: 2 * input.height, width: 2 * input.width,
      depth: (doublesDepth ? 2 : 1) * input.depth, channels: outputChannels, from: workspace)
  }

  private func place(
    _ cubes: Matrix, firstPixel: Int, of input: FeatureMap, into output: FeatureMap
  ) {
    let outputs = outputChannels
    let slices = doublesDepth ? 2 : 1
    withRows(cubes, output.pixels) { cubes, target in
      parallelRanges(cubes.rowCount, of: 128) { range in
        for index in range {
          let (line, z) = (firstPixel + index).quotientAndRemainder(dividingBy: input.depth)
          let (y, x) = line.quotientAndRemainder(dividingBy: input.width)
          for corner in 0..<4 * slices {
            let (square, slice) = corner.quotientAndRemainder(dividingBy: slices)
            let row = 2 * y + square / 2
            let pixel =
              (row * output.width + 2 * x + square % 2) * output.depth + slices * z + slice
            target.row(pixel).update(from: cubes.row(index) + corner * outputs, count: outputs)
          }
        }
      }
    }
  }
}
