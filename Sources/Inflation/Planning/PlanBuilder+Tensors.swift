import Architectures
import Diagnostics
import Tensors

/// Where each target tensor comes from.
extension PlanBuilder {
  /// Nil for a tensor that is left out.
  func plan(_ slot: TargetSlot, in family: Family) throws -> PlannedTensor? {
    if let derivation = slot.rule.derivation { return try derived(slot, derivation) }
    if let planned = try fromSource(slot) { return planned }
    if let neutral = slot.rule.neutral {
      let value: Float = neutral == .ones ? 1 : 0
      return filled(slot, .initialised(.neutral(value), slot.shape), floatDType)
    }
    // A decoder that starts anew has all its tensors, counts of batches included.
    if slot.rule.isOptional, !slot.role.isDecoder { return nil }
    guard !slot.role.isEssential else {
      throw Fault(.missingTensor, "nothing in the source is its \(slot.role)")
    }
    return try initialised(slot, in: family)
  }

  private func fromSource(_ slot: TargetSlot) throws -> PlannedTensor? {
    guard let expression = try resolver.expression(for: slot.role) else { return nil }
    let adaptation = RoleAdaptation(
      model: model, target: target, parameters: parameters, options: options)
    guard
      let adapted = try adaptation.adapt(
        expression, slot.role, slot.rule, to: slot.canonicalShape)
    else { return nil }
    return filled(slot, try stored(adapted, slot), nil)
  }

  private func stored(
    _ expression: TensorExpression, _ slot: TargetSlot
  ) throws -> TensorExpression {
    guard let layout = slot.rule.layout else { return expression }
    return try expression.rearranged(
      layout.toStored(from: slot.canonicalShape, given: parameters, at: slot.indices))
  }

  /// - Parameter dtype: the element type of what has no input; nil takes the inputs'.
  private func filled(
    _ slot: TargetSlot, _ expression: TensorExpression, _ dtype: DType?
  ) -> PlannedTensor {
    let own = expression.inputs.map(\.dtype).max { $0.bitWidth < $1.bitWidth }
    let stored = own.map(options.storedDType.dtype) ?? dtype ?? floatDType
    let narrows: Bool
    if expression.isMoved, let own {
      // The two types of 16 bits cannot hold each other's values.
      narrows = stored != own && stored.bitWidth <= own.bitWidth
    } else {
      narrows = !expression.isConstant && stored.bitWidth < DType.f32.bitWidth
    }
    return PlannedTensor(
      key: slot.key, role: slot.role, dtype: stored, shape: slot.shape, expression: expression,
      exactness: max(expression.exactness, narrows ? .narrowed : .exact))
  }

  private func derived(
    _ slot: TargetSlot, _ derivation: TensorRule.Derivation
  ) throws -> PlannedTensor {
    let initialisation = try Initialisation(derivation, parameter: parameter)
    return filled(slot, .initialised(initialisation, slot.shape), .i64)
  }

  // MARK: What no source gives

  private func initialised(_ slot: TargetSlot, in family: Family) throws -> PlannedTensor? {
    if case .file = options.decoderInitialisation, let decoderFile {
      if let adopted = try adopted(slot, from: decoderFile) { return adopted }
      guard !slot.role.isDecoder else { return nil }
    }
    guard options.decoderInitialisation != .omit else { return nil }
    return filled(
      slot, .initialised(initialisation(of: slot, in: family), slot.shape),
      slot.role.isCount ? .i64 : floatDType)
  }

  private func adopted(
    _ slot: TargetSlot, from decoderFile: any TensorSource
  ) throws -> PlannedTensor? {
    let key = SourceKey(slot.key.name)
    guard let description = decoderFile.description(of: key) else {
      if slot.rule.isOptional || !slot.role.isDecoder { return nil }
      throw Fault(
        .missingTensor, "the decoder's file has no such tensor", at: .init(file: decoderFile.path))
    }
    guard description.shape == slot.shape else {
      throw Fault(
        .unsupportedGeometry,
        "has shape \(description.shape) in the decoder's file, \(slot.shape) is needed",
        at: .init(file: decoderFile.path))
    }
    return filled(slot, .adopted(description), nil)
  }

  /// PyTorch's defaults: a normalisation starts as the identity; convolutions and linear layers are
  /// uniform in ±1/√fan-in, their biases likewise.
  private func initialisation(of slot: TargetSlot, in family: Family) -> Initialisation {
    let path = slot.role.path
    if slot.role.isNormalisation {
      return path.hasSuffix(".weight") || path.hasSuffix(".runningVariance") ? .ones : .zeros
    }
    guard options.decoderInitialisation.isSeeded || !slot.role.isDecoder,
      options.decoderInitialisation != .zeros
    else { return .zeros }
    let fanIn =
      path.hasSuffix(".bias")
      ? weightFanIn(ofBias: slot, in: family) : slot.shape.extents.dropFirst().reduce(1, *)
    return .uniform(
      bound: 1 / Float(max(fanIn, 1)).squareRoot(),
      stream: SplitMix64.stream(seed: options.seed, name: slot.key.name))
  }

  private func weightFanIn(ofBias slot: TargetSlot, in family: Family) -> Int {
    let role = slot.rule.role.description.replacing(".bias", with: ".weight")
    let weight = family.tensors.first {
      $0.role.description == role && $0.holds(under: targetOptions)
    }
    return weight?.shape.dropFirst().reduce(1) {
      $0 * ($1.value(given: parameters, at: slot.indices) ?? 1)
    } ?? 1
  }

  /// What new floating-point tensors are stored as: the type of the source's own weights.
  private var floatDType: DType {
    let original = model.key(of: "patchEmbedding.weight").flatMap(source.description)?.dtype
    return options.storedDType.dtype(for: original ?? .f32)
  }
}

extension TensorExpression {
  /// Whether the elements are those of the inputs, moved at most.
  fileprivate var isMoved: Bool { action < .fold && !isConstant && !hasConstants }

  fileprivate var isConstant: Bool { action == .initialise }

  private var hasConstants: Bool {
    if case .joined(let parts, _) = self { return parts.contains { $0.isConstant } }
    return false
  }
}

extension Role {
  /// Whether a model without a source for it would compute nothing of the source's.
  var isEssential: Bool {
    !isDecoder && !path.contains(".merge.") && !path.hasPrefix("finalNorm")
      && !(path.hasPrefix("stages[") && !path.contains(".blocks["))
      && !path.hasPrefix("patchEmbedding.norm") && !path.contains(".unused.")
  }
}
