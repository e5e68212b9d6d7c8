import Diagnostics
import Inflation
import Tensors

/// A conversion's plan for a reader at a terminal.
enum PlanText {
  /// - Parameter norms: those of every tensor, once the plan is carried out.
  static func full(_ plan: Plan, norms: [TargetKey: TensorNorms] = [:]) -> String {
    var columns: [(title: String, alignment: TextTable.Alignment)] = [
      ("target tensor", .left), ("shape", .left), ("dtype", .left), ("action", .left),
      ("from", .left), ("exactness", .left),
    ]
    if !norms.isEmpty { columns += [("norms before", .right), ("after", .right)] }
    var targets = TextTable(columns)
    for tensor in plan.tensors {
      let origin = tensor.inputs.map(\.name) + [tensor.detail].compactMap { $0 }
      let figures = norms[tensor.key].map { norms in
        [norms.before.map(figure).joined(separator: ", "), figure(norms.after)]
      }
      targets.add(
        [
          tensor.key.name, tensor.shape.description, tensor.dtype.rawValue, tensor.action.rawValue,
          origin.map { printable($0) }.joined(separator: "; "), tensor.exactness.rawValue,
        ] + (figures ?? []))
    }
    return targets.text + "\n" + dropped(plan) + summary(plan)
  }

  static func summary(_ plan: Plan) -> String {
    var counts: [String: Int] = [:]
    for tensor in plan.tensors { counts[tensor.action.rawValue, default: 0] += 1 }
    let actions = Action.allCases.reversed().compactMap { action in
      counts[action.rawValue].map { "\($0) \(action.rawValue)" }
    }
    let dropped = plan.dropped.isEmpty ? "none" : String(plan.dropped.count)
    return """
      \(plan.source.family.title) → \(plan.target.title): \(plan.tensors.count) tensors \
      (\(actions.joined(separator: ", "))), \(dropped) dropped
      verdict: \(plan.verdict)

      """
  }

  private static func figure(_ norm: Double?) -> String {
    norm.map(Figure.text) ?? "–"
  }

  private static func dropped(_ plan: Plan) -> String {
    let deviations = plan.deviations.map { "differs: \($0.reason) (\($0.rule.id))\n" }.joined()
    guard !plan.dropped.isEmpty else { return deviations }
    var table = TextTable([("dropped source tensor", .left), ("rule", .left), ("because", .left)])
    for tensor in plan.dropped {
      let name = printable(tensor.key.name) + (tensor.part.map { ", \($0)" } ?? "")
      table.add([name, tensor.rule.id, tensor.rule.consequence])
    }
    return table.text + "\n" + deviations
  }
}
