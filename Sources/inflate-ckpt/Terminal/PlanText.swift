import Diagnostics
import Inflation

/// A conversion's plan for a reader at a terminal.
enum PlanText {
  static func full(_ plan: Plan) -> String {
    var targets = TextTable([
      ("target tensor", .left), ("shape", .left), ("dtype", .left), ("action", .left),
      ("from", .left), ("exactness", .left),
    ])
    for tensor in plan.tensors {
      let origin = [tensor.action.input?.name, tensor.action.detail].compactMap { $0 }
      targets.add([
        tensor.key.name, tensor.shape.description, tensor.dtype.rawValue, tensor.action.name,
        origin.map { printable($0) }.joined(separator: "; "), tensor.exactness.rawValue,
      ])
    }
    return targets.text + "\n" + dropped(plan) + summary(plan)
  }

  static func summary(_ plan: Plan) -> String {
    var counts: [String: Int] = [:]
    for tensor in plan.tensors { counts[tensor.action.name, default: 0] += 1 }
    let actions = ["copy", "inflate", "resize", "adopt", "initialise"]
      .compactMap { name in counts[name].map { "\($0) \(name)" } }
    let dropped = plan.dropped.isEmpty ? "none" : String(plan.dropped.count)
    return """
      \(plan.source.family.title) → \(plan.target.title): \(plan.tensors.count) tensors \
      (\(actions.joined(separator: ", "))), \(dropped) dropped
      verdict: \(plan.verdict)

      """
  }

  private static func dropped(_ plan: Plan) -> String {
    guard !plan.dropped.isEmpty else { return "" }
    var table = TextTable([("dropped source tensor", .left), ("rule", .left), ("because", .left)])
    for tensor in plan.dropped {
      table.add([printable(tensor.key.name), tensor.rule.id, tensor.rule.consequence])
    }
    return table.text + "\n"
  }
}
