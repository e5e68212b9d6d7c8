import Tensors

/// Looks at every weight once.
struct FinitenessCheck {
  let checkpoint: any TensorSource
  let survey: WeightSurvey

  func run() -> Check {
    var count = 0
    var first: String?
    for tensor in checkpoint.tensors {
      guard let statistics = survey[tensor.key] else { continue }
      let bad = statistics.nanCount + statistics.infiniteCount
      if bad > 0, first == nil { first = tensor.key.name }
      count += bad
    }
    return .measured(
      .finite, Double(count), bound: .atMost(0),
      detail: count == 0 ? "all weights are finite" : "\(count) weights are NaN or infinite",
      tensor: first)
  }
}
