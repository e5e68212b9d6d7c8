import Architectures
import Diagnostics
import Tensors

/// Where each source tensor goes that no target tensor is made of.
extension PlanBuilder {
  /// Any source tensor that is neither used nor dropped by its family's rules still needs a reason.
  mutating func accountForSources() {
    let used = Set(tensors.flatMap { $0.expression.sourceKeys })
    let roles = Dictionary(model.tensors.map { ($1.key, $0) }) { first, _ in first }
    for tensor in source.tensors where drops[tensor.key] == nil && !used.contains(tensor.key) {
      let rule = DropRule(id: roles[tensor.key].map(ruleID) ?? "unknown-tensor")
      if let rule { drops[tensor.key] = [DroppedTensor(key: tensor.key, part: nil, rule: rule)] }
    }
    for (role, tensor) in model.tensors where used.contains(tensor.key) {
      for (part, id) in lostParts(of: role, tensor) {
        if let rule = DropRule(id: id) {
          drops[tensor.key, default: []].append(
            DroppedTensor(key: tensor.key, part: part, rule: rule))
        }
      }
    }
  }

  private func ruleID(of role: Role) -> String {
    if role.isDecoder {
      guard includesDecoder else { return "decoder-left-out" }
      return role.isClassifier || role.readsTheImage ? "decoder-classes" : "decoder-replaced"
    }
    if let blocks = resolver.blocks, let block = role.block, !blocks.contains(block) {
      return "left-out-layers"
    }
    for (ending, id) in PlanBuilder.rulesByEnding where role.kind.hasSuffix(ending) { return id }
    return "unknown-tensor"
  }

  private static let rulesByEnding = [
    ("classToken", "class-token"), ("distillationToken", "distillation-token"),
    ("registerTokens", "register-tokens"), ("maskToken", "mask-token"),
    ("positionEmbedding", "absolute-position-embedding"), ("preNorm.weight", "pre-norm"),
    ("preNorm.bias", "pre-norm"), ("finalNorm.weight", "final-norm"),
    ("finalNorm.bias", "final-norm"), ("patchEmbedding.norm.weight", "patch-norm"),
    ("patchEmbedding.norm.bias", "patch-norm"), ("stages[].norm.weight", "stage-norm"),
    ("stages[].norm.bias", "stage-norm"), ("attention.key.bias", "key-bias"),
    ("attention.query.bias", "query-bias"), ("attention.queryKeyValue.bias", "query-bias"),
    ("relativePositionBias", "relative-position-bias"),
    ("relativePositionBias.shared", "relative-position-bias"),
    ("attention.relativePositionHeight", "decomposed-relative-position"),
    ("attention.relativePositionWidth", "decomposed-relative-position"),
    ("attention.relativePositionIndex", "derived-buffer"),
    ("attention.logitScale", "cosine-attention"),
    ("continuousBias.fc1.weight", "cosine-attention"),
    ("continuousBias.fc1.bias", "cosine-attention"),
    ("continuousBias.fc2.weight", "cosine-attention"),
  ]

  /// The rows of a tensor that is used in part: biases of queries or keys that the target has no
  /// place for, positions of tokens that it does not have.
  private func lostParts(of role: Role, _ tensor: RecognisedTensor) -> [(part: String, id: String)]
  {
    if role == "positionEmbedding" {
      let kept = target.tensors.first { $0.role.description == "positionEmbedding" }?.prefixRows
      return tensor.rule.prefixRows.enumerated().compactMap { row, token in
        kept.map { !$0.contains(token) } ?? false ? ("row \(row)", ruleID(of: token)) : nil
      }
    }
    guard let stem = role.replacing(".queryKeyValue.bias", with: ""),
      !resolver.targetKinds.contains(role.kind)
    else { return [] }
    return ["query", "key"].compactMap { part in
      let own = Role("\(stem.path).\(part).bias")
      return resolver.targetKinds.contains(own.kind)
        ? nil : ("\(part) rows", part == "key" ? "key-bias" : "query-bias")
    }
  }

  /// What the blocks compute otherwise without any tensor that shows it.
  func deviations() -> [Deviation] {
    var deviations: [Deviation] = []
    if model.family.activation != target.activation, let rule = DropRule(id: "activation") {
      deviations.append(
        Deviation(
          rule: rule,
          reason: "\(model.family.title) has \(model.family.activation.rawValue), "
            + "\(target.title) has \(target.activation.rawValue)"))
    }
    for (constant, id) in [("attentionWindow", "window-attention"), ("postNorm", "post-norm")] {
      let own = model.family.constant(constant) ?? 0
      guard own != target.constant(constant) ?? 0, own > 0, let rule = DropRule(id: id) else {
        continue
      }
      deviations.append(Deviation(rule: rule, reason: rule.consequence))
    }
    return deviations
  }

  func checkLosses(_ deviations: [Deviation]) throws {
    let isLost = { (rule: DropRule) in
      rule.changesEncoder && !options.allowedLosses.contains(rule.id)
    }
    let losses = drops.values.joined().filter { isLost($0.rule) }
    if let first = losses.min(by: { $0.key < $1.key }) {
      let others = losses.count > 1 ? " (and \(losses.count - 1) more tensors)" : ""
      let part = first.part.map { "\($0) " } ?? ""
      throw Fault(
        .lossNotAllowed, "\(part)would be lost: \(first.rule.consequence)\(others)",
        at: .init(file: source.path, tensor: first.key.name),
        remedy: "agree with --allow-loss \(first.rule.id) if that is meant")
    }
    if let first = deviations.first(where: { isLost($0.rule) }) {
      throw Fault(
        .lossNotAllowed, "\(first.rule.consequence): \(first.reason)",
        at: .init(file: source.path),
        remedy: "agree with --allow-loss \(first.rule.id) if that is meant")
    }
  }
}
