/// A batch normalisation with its running statistics, as it acts when a model is used rather than
/// trained: one factor and one summand a channel.
package struct BatchNormalisation: Sendable {
  /// `weight / √(runningVariance + epsilon)`
  package let scale: [Float]
  /// `bias − runningMean · scale`
  package let shift: [Float]

  package init(
    weight: [Float], bias: [Float], runningMean: [Float], runningVariance: [Float], epsilon: Double
  ) {
    let exact = weight.indices.map { index in
      Double(weight[index]) / (Double(runningVariance[index]) + epsilon).squareRoot()
    }
    scale = exact.map { Float($0) }
    shift = exact.indices.map { Float(Double(bias[$0]) - Double(runningMean[$0]) * exact[$0]) }
  }

  /// Puts the factor into the weights of the layer before, whose outputs are the rows of
  /// `weights`: `[channels, …]`. The summand takes the place of the layer's bias.
  package func fold(into weights: inout [Float]) {
    let width = weights.count / max(1, scale.count)
    for channel in scale.indices {
      for index in channel * width..<(channel + 1) * width { weights[index] *= scale[channel] }
    }
  }

  /// The bias of a layer that has the factor in its weights and had this bias of its own.
  package func foldedBias(_ bias: [Float]) -> [Float] {
    bias.indices.map { bias[$0] * scale[$0] + shift[$0] }
  }
}
