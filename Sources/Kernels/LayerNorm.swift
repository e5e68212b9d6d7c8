import CKernels

/// Every row brought to mean 0 and variance 1, then scaled and shifted:
/// `(x − mean) / √(variance + epsilon) · weight + bias`.
///
/// Two passes, mean before variance: the sum of squares alone would lose all its digits where the
/// values sit on a large offset.
///
/// - Parameters:
///   - input: `[tokens, hidden]`
///   - output: of the same shape; may be `input` itself
package func layerNorm(
  _ input: Matrix, weight: [Float], bias: [Float], epsilon: Double, into output: Matrix
) {
  precondition(weight.count == input.columnCount && bias.count == input.columnCount)
  precondition(output.rowCount == input.rowCount && output.columnCount == input.columnCount)
  let (weight, bias) = (PaddedChannels(weight), PaddedChannels(bias))
  let kernels = InstructionSet.kernels
  withRows(input, output) { input, output in
    withExtendedLifetime((weight, bias)) {
      parallelRanges(input.rowCount, of: 32) { range in
        kernels.layer_norm(
          input.row(range.lowerBound), input.rowStride, range.count, input.columnCount,
          weight.base, bias.base, epsilon, output.row(range.lowerBound), output.rowStride)
      }
    }
  }
}
