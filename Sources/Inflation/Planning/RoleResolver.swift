import Architectures
import Diagnostics
import Tensors

/// Finds what of a source gives a role's tensor in its canonical form: the tensor itself, others
/// that are joined or split, or one into which a layer that the target lacks is folded.
struct RoleResolver {
  let source: any TensorSource
  let model: RecognisedModel
  /// The kinds of roles that the target has.
  let targetKinds: Set<String>
  /// Which of the source's blocks stands for each of the target's, when they are not all there.
  let blocks: [Int]?

  /// Nil when the source has nothing for the role.
  ///
  /// - Throws: `wrong-dtype`, or `unsupported-geometry` when a shape does not fit its layout.
  func expression(for role: Role) throws -> TensorExpression? {
    let role = sourceRole(for: role)
    guard let own = try unfolded(role) else { return nil }
    let withValues = try foldingValueBias(into: own, role)
    return try foldingLayerScale(into: withValues, role)
  }

  /// The same role in the source, whose blocks may have other numbers.
  func sourceRole(for role: Role) -> Role {
    guard let blocks, let block = role.block, blocks.indices.contains(block) else { return role }
    return Role("blocks[\(blocks[block])\(role.path.drop { $0 != "]" })")
  }

  private func unfolded(_ role: Role) throws -> TensorExpression? {
    if let direct = try direct(role) { return direct }
    if let joined = try joined(role) { return joined }
    if let split = try split(role) { return split }
    if role.path.hasSuffix("attention.relativePositionBias") {
      return try direct("relativePositionBias.shared")
    }
    // A projection without a bias takes one to fold the values' into.
    if role.path.hasSuffix("attention.projection.bias"), try valueBias(besides: role) != nil {
      return try zeros(asRowsOf: role.replacing(".bias", with: ".weight"))
    }
    return nil
  }

  private func direct(_ role: Role) throws -> TensorExpression? {
    guard let key = model.key(of: role), let description = source.description(of: key) else {
      return nil
    }
    guard description.dtype.isFloatingPoint || role.isCount else {
      throw Fault(
        .wrongDType, "its source \(key) is \(description.dtype), which holds no weights",
        remedy: "convert the tensor to F32, F16, BF16 or F64 first")
    }
    let stored = TensorExpression.source(description)
    return try located(in: .init(tensor: key.name)) {
      guard let layout = try model.rearrangement(of: role, from: description.shape) else {
        return stored
      }
      return try stored.rearranged(layout)
    }
  }

  // MARK: Queries, keys and values

  static let parts = ["query", "key", "value"]

  /// The three projections one after the other; of biases, those that are not there are zero.
  private func joined(_ role: Role) throws -> TensorExpression? {
    for kind in [".weight", ".bias"] {
      guard let stem = role.replacing(".queryKeyValue\(kind)", with: "")?.path else { continue }
      let found = try RoleResolver.parts.map { try direct(Role("\(stem).\($0)\(kind)")) }
      guard let first = found.compactMap({ $0 }).first else { return nil }
      guard kind == ".bias" || !found.contains(where: { $0 == nil }) else { return nil }
      return try .joined(found.map { $0 ?? .initialised(.neutral(0), first.shape) })
    }
    return nil
  }

  private func split(_ role: Role) throws -> TensorExpression? {
    for (number, part) in RoleResolver.parts.enumerated() {
      for kind in [".weight", ".bias"] {
        guard let whole = role.replacing(".\(part)\(kind)", with: ".queryKeyValue\(kind)"),
          let joined = try direct(whole)
        else { continue }
        let rows = joined.shape[0] / 3
        return try joined.rows(number * rows..<(number + 1) * rows)
      }
    }
    return nil
  }

  private func zeros(asRowsOf role: Role?) throws -> TensorExpression? {
    guard let role, let weight = try direct(role) else { return nil }
    return .initialised(.neutral(0), try Shape([weight.shape[0]]))
  }

  // MARK: Foldings

  /// The bias of the values of the same attention.
  private func valueBias(besides role: Role) throws -> TensorExpression? {
    guard let own = role.replacing(".projection.bias", with: ".value.bias") else { return nil }
    let kind = own.kind
    let joined = own.replacing(".value.bias", with: ".queryKeyValue.bias")?.kind ?? ""
    guard !targetKinds.contains(kind), !targetKinds.contains(joined) else { return nil }
    return try direct(own) ?? split(own)
  }

  private func foldingValueBias(
    into expression: TensorExpression, _ role: Role
  ) throws -> TensorExpression {
    guard role.path.hasSuffix(".attention.projection.bias"),
      let bias = try valueBias(besides: role), let key = bias.sourceKeys.first,
      let weightRole = role.replacing(".bias", with: ".weight"),
      let weight = try direct(weightRole)
    else { return expression }
    return .computed(
      ValueBiasFold(shape: expression.shape, valueBias: key), [weight, bias, expression])
  }

  private func foldingLayerScale(
    into expression: TensorExpression, _ role: Role
  ) throws -> TensorExpression {
    for (layer, scale) in [("attention.projection", "layerScale1"), ("mlp.fc2", "layerScale2")] {
      for kind in [".weight", ".bias"] {
        guard let scaleRole = role.replacing("\(layer)\(kind)", with: scale),
          !targetKinds.contains(scaleRole.kind), let scaling = try direct(scaleRole),
          let key = scaling.sourceKeys.first
        else { continue }
        return .computed(
          LayerScaleFold(shape: expression.shape, scale: key), [expression, scaling])
      }
    }
    return expression
  }
}

extension Role {
  /// The number of the block of `blocks[3].…`.
  var block: Int? {
    guard path.hasPrefix("blocks["), let end = path.firstIndex(of: "]") else { return nil }
    return Int(path[..<end].dropFirst("blocks[".count))
  }
}
