import Tensors

/// Looks at every weight once.
struct FinitenessCheck {
  let checkpoint: any TensorSource

  func run() throws -> Check {
    var count = 0
    var first: String?
    for tensor in checkpoint.tensors where tensor.dtype.isFloatingPoint {
      let bad = try checkpoint.floats(of: tensor.key).values.count { !$0.isFinite }
      if bad > 0, first == nil { first = tensor.key.name }
      count += bad
    }
    return .measured(
      .finite, Double(count), bound: .atMost(0),
      detail: count == 0 ? "all weights are finite" : "\(count) weights are NaN or infinite",
      tensor: first)
  }
}
