import CKernels

/// The right operand of a product, arranged once for the micro-kernels: panels of 16 outputs,
/// `[panel, inputs, 16]`, zeros where the last panel has no outputs.
///
/// OpenBLAS packs its operands anew at every call, which narrow products never earn back.
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
    withRows(weights) { rows in
      InstructionSet.kernels.pack_transposed(
        rows.base, rows.rowStride, outputs, inputs, 1, panels.base)
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
  withRows(input, output) { input, output in
    withExtendedLifetime(weights) {
      // Small enough for a piece of the output to be bent while it is still in the cache.
      parallelRanges(input.rowCount, of: 96) { range in
        var product = ck_matrix_product(
          left: input.row(range.lowerBound), left_stride: input.rowStride, row_count: range.count,
          inner: weights.inputs, panels: weights.panels.base, bias: weights.bias?.base,
          output: output.row(range.lowerBound), output_stride: output.rowStride,
          columns: weights.outputs, accumulate: accumulate ? 1 : 0)
        kernels.matrix_product(&product)
        apply(activation, to: output.rows(range))
      }
    }
  }
}
