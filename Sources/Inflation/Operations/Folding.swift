import Diagnostics
import Tensors

/// LayerScale multiplied into the projection before it: W′ = diag(γ)·W, b′ = γ·b.
///
/// Source: Touvron et al., "Going deeper with Image Transformers", equation 4, of which this is the
/// algebra.
struct LayerScaleFold: TensorComputation {
  /// `[outputs, inputs]` of a weight, `[outputs]` of a bias.
  let shape: Shape
  let scale: SourceKey

  var action: Action { .fold }
  var exactness: Exactness { .exact }
  var detail: String { "times \(scale)" }

  /// - Parameter inputs: the weight or bias, and γ `[outputs]`.
  func apply(to inputs: [FloatTensor]) throws -> FloatTensor {
    let scale = inputs[1].values
    guard let outputs = shape.extents.first, scale.count == outputs else {
      throw Fault(
        .unsupportedGeometry, "\(scale.count) scales do not fit \(shape)")
    }
    var folded = inputs[0]
    let columns = shape.elementCount / max(outputs, 1)
    for row in 0..<outputs {
      for column in 0..<columns { folded[row * columns + column] *= scale[row] }
    }
    return folded
  }
}

/// The bias of the values moved behind the attention, whose weights add up to one:
/// b′ = b + W·b_v.
struct ValueBiasFold: TensorComputation {
  /// `[hidden]`
  let shape: Shape
  let valueBias: SourceKey

  var action: Action { .fold }
  var exactness: Exactness { .exact }
  var detail: String { "plus the projection of \(valueBias)" }

  /// - Parameter inputs: the projection's weight `[hidden, hidden]`, the values' bias `[hidden]` and
  ///   the projection's own bias `[hidden]`.
  func apply(to inputs: [FloatTensor]) throws -> FloatTensor {
    let (weight, valueBias) = (inputs[0], inputs[1].values)
    guard weight.shape.extents == [shape.elementCount, valueBias.count],
      inputs[2].shape.elementCount == shape.elementCount
    else {
      throw Fault(
        .unsupportedGeometry, "a projection \(weight.shape) takes no \(valueBias.count) values")
    }
    var folded = inputs[2]
    for row in 0..<shape.elementCount {
      var sum = Double(folded[row])
      for column in valueBias.indices {
        sum += Double(weight[row * valueBias.count + column]) * Double(valueBias[column])
      }
      folded[row] = Float(sum)
    }
    return folded
  }
}
