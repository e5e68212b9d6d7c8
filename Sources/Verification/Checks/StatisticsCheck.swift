import Architectures
import Tensors

/// Looks for tensors that no training leaves behind: dead ones, exploded ones, and layers that still
/// are as a framework makes them.
///
/// With a source, only what the conversion could have done counts: a tensor of which the 2D model's
/// own is just as odd is the 2D model's affair, and one that it does not have was made to be neutral
/// or to be trained.
struct StatisticsCheck {
  let survey: WeightSurvey
  let model: RecognisedModel
  let source: (survey: WeightSurvey, model: RecognisedModel)?

  /// No weight of a trained network is as large; layer normalisation keeps activations near 1.
  private static let largestWeight = 1e6
  /// How many times the median of its kind in other blocks a tensor's root mean square may be.
  private static let largestRatio = 1e3

  enum Oddity: String {
    case dead = "all its values are the same"
    case exploded = "its values are far larger than any training leaves"
    case untouched = "it is as a framework initialises it"
  }

  func run() -> Check {
    let found = StatisticsCheck.oddities(in: survey, model)
    let known = source.map { StatisticsCheck.oddities(in: $0.survey, $0.model) } ?? [:]
    let odd = found.filter { role, oddity in isJudged(role) && known[role] != oddity }
    let first = odd.min { $0.key < $1.key }
    let detail =
      first.map { role, oddity in
        "\(oddity.rawValue)" + (odd.count > 1 ? " (and \(odd.count - 1) tensors more)" : "")
      } ?? "no tensor is dead, exploded or as it was initialised"
    return .measured(
      .statistics, Double(odd.count), bound: .atMost(0), detail: detail,
      tensor: first.flatMap { model.key(of: $0.key)?.name })
  }

  private func isJudged(_ role: Role) -> Bool {
    if let source {
      return source.model.key(of: role) != nil
        || role.kind == "blocks[].attention.relativePositionBias"
          && source.model.key(of: "relativePositionBias.shared") != nil
    }
    // A decoder that the conversion made up from a seed waits to be trained.
    return !(role.isDecoder && model.record?.options["seed"] != nil)
  }

  /// What is odd about each role's tensor, if anything is.
  private static func oddities(in survey: WeightSurvey, _ model: RecognisedModel) -> [Role: Oddity]
  {
    var found: [Role: Oddity] = [:]
    let medians = mediansByKind(in: survey, model)
    for (role, tensor) in model.tensors {
      guard let statistics = survey[tensor.key] else { continue }
      if let neutral = tensor.rule.neutral, statistics.isAll(neutral == .ones ? 1 : 0) { continue }
      if isExploded(statistics, median: medians[role.kind]) {
        found[role] = .exploded
      } else if isMatrix(role, tensor), statistics.isConstant {
        found[role] = .dead
      } else if isUntouched(role, statistics, survey, model) {
        found[role] = .untouched
      }
    }
    return found
  }

  private static func isMatrix(_ role: Role, _ tensor: RecognisedTensor) -> Bool {
    tensor.rule.shape.count >= 2 && role.path.hasSuffix(".weight")
  }

  private static func isExploded(_ statistics: TensorStatistics, median: Double?) -> Bool {
    let largest = max(abs(statistics.minimum ?? 0), abs(statistics.maximum ?? 0))
    guard let median, median > 0, let size = statistics.rootMeanSquare else {
      return largest > largestWeight
    }
    return largest > largestWeight || size > largestRatio * median
  }

  /// A normalisation that scales by exactly 1, shifts by exactly 0 and, where it keeps them, has the
  /// moments 0 and 1.
  private static func isUntouched(
    _ role: Role, _ statistics: TensorStatistics, _ survey: WeightSurvey, _ model: RecognisedModel
  ) -> Bool {
    guard statistics.count > 1, statistics.isAll(1), role.isNormalisation,
      role.path.hasSuffix(".weight")
    else { return false }
    func isAbsentOrAll(_ value: Double, _ ending: String) -> Bool {
      guard let key = role.replacing(".weight", with: ending).flatMap(model.key(of:)),
        let other = survey[key]
      else { return true }
      return other.isAll(value)
    }
    return isAbsentOrAll(0, ".bias") && isAbsentOrAll(0, ".runningMean")
      && isAbsentOrAll(1, ".runningVariance")
  }

  /// Of the root mean squares of a kind's tensors, where there are at least three.
  private static func mediansByKind(
    in survey: WeightSurvey, _ model: RecognisedModel
  ) -> [String: Double] {
    let sizes = Dictionary(grouping: model.tensors, by: { $0.key.kind }).mapValues { tensors in
      tensors.compactMap { survey[$0.value.key]?.rootMeanSquare }.sorted()
    }
    return sizes.filter { $0.value.count >= 3 }.mapValues { $0[$0.count / 2] }
  }
}
