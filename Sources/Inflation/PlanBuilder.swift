import Architectures
import Diagnostics
import Tensors

/// Decides for every target tensor where it comes from, and for every source tensor where it goes.
package struct PlanBuilder {
  private let source: any TensorSource
  private let model: RecognisedModel
  private let target: Family
  private let decoder: Family?
  private let options: ConversionOptions
  private let decoderFile: (any TensorSource)?
  private let parameters: [String: Int]
  private var tensors: [PlannedTensor] = []
  private var drops: [SourceKey: DropRule]

  /// - Parameter decoderFile: the open checkpoint of `--decoder-init from:FILE`.
  /// - Throws: `unsupported-geometry`, `usage`, `missing-hyper-parameter`.
  package init(
    source: any TensorSource, model: RecognisedModel, target: Family, catalogue: FamilyCatalogue,
    options: ConversionOptions, decoderFile: (any TensorSource)? = nil
  ) throws {
    self.source = source
    self.model = model
    self.target = target
    self.options = options
    self.decoderFile = decoderFile
    // What the source lacks and is not to be initialised is left out as a whole.
    let hasDecoder =
      options.includesDecoder && (model.hasDecoder || options.decoderInitialisation != .omit)
    let component = hasDecoder ? target.components.first : nil
    decoder = try component.map { try catalogue.family($0.familyID) }
    drops = model.drops
    parameters = try TargetGeometry(
      model: model, target: target, options: options, decoderFile: decoderFile
    ).parameters
  }

  /// - Throws: `loss-not-allowed`, `missing-tensor`, `unsupported-geometry`.
  package consuming func plan() throws -> Plan {
    for rule in target.tensors { try add(rule, prefix: target.prefixes[0], isDecoder: false) }
    if let decoder, let component = target.components.first {
      for rule in decoder.tensors { try add(rule, prefix: component.prefixes[0], isDecoder: true) }
    }
    let layers = options.decoderLayers ?? model.decoderLayers
    guard decoder == nil || layers.count == 4 else {
      throw Fault(
        .missingHyperParameter,
        "which four of the \(parameters["depth"] ?? 0) blocks feed the decoder is not known",
        remedy: "name them, counted from 0: --layers 3,5,7,11")
    }
    accountForSources()
    try checkLosses()
    return Plan(
      source: model, target: target, targetParameters: parameters, decoderLayers: layers,
      options: options, tensors: tensors.sorted { $0.key < $1.key },
      dropped: drops.map { DroppedTensor(key: $0, rule: $1) }.sorted { $0.key < $1.key })
  }

  private mutating func add(_ rule: Family.TensorRule, prefix: String, isDecoder: Bool) throws {
    for (position, name) in rule.name.expanded(given: parameters) {
      let key = TargetKey(prefix + name)
      let planned = try located(in: .init(file: source.path, tensor: key.name)) {
        let slot = TargetSlot(
          key: key, role: rule.role(at: position), shape: try shape(of: rule), rule: rule,
          isDecoder: isDecoder)
        return try plan(slot).map(withinLimit)
      }
      if let planned { tensors.append(planned) }
    }
  }

  private func shape(of rule: Family.TensorRule) throws -> Shape {
    try Shape(
      rule.shape.map { expression in
        if let extent = expression.value(given: parameters) { return extent }
        let isKnown = expression.symbols.allSatisfy { parameters[$0] != nil }
        throw Fault(
          isKnown ? .overLimit : .missingHyperParameter,
          "extent \(expression) has no value\(isKnown ? " of 63 bits" : "")")
      })
  }

  /// The most bytes of one tensor that are made in memory; 4 GiB hold the index buffers of images
  /// of 2400×2400 pixels.
  private static let byteLimit = 1 << 32

  private func withinLimit(_ tensor: PlannedTensor) throws -> PlannedTensor {
    if case .copy = tensor.action { return tensor }
    let wide: DType = tensor.dtype == .i64 ? .i64 : .f32
    let byteCount = try tensor.shape.byteCount(of: wide)
    guard byteCount <= PlanBuilder.byteLimit else {
      throw Fault(
        .overLimit,
        "shape \(tensor.shape) takes \(byteCount >> 30) GiB; one tensor may take "
          + "\(PlanBuilder.byteLimit >> 30)",
        remedy: "choose a smaller image size, or fewer channels or classes")
    }
    return tensor
  }

  /// Any source tensor that is neither used nor dropped by its family's rules still needs a reason.
  private mutating func accountForSources() {
    let used = Set(tensors.compactMap { $0.action.isFromSource ? $0.action.input : nil })
    for tensor in source.tensors where !used.contains(tensor.key) && drops[tensor.key] == nil {
      let role = model.keys.first { $0.value == tensor.key }?.key
      let isDecoder = role?.path.hasPrefix("decoder.") ?? false
      let rule =
        if isDecoder { decoder == nil ? "decoder-left-out" : "decoder-classes" } else {
          "unknown-tensor"
        }
      drops[tensor.key] = DropRule(id: rule)
    }
  }

  private func checkLosses() throws {
    let losses = drops.filter {
      $0.value.changesEncoder && !options.allowedLosses.contains($0.value.id)
    }
    guard let first = losses.min(by: { $0.key < $1.key }) else { return }
    let others = losses.count > 1 ? " (and \(losses.count - 1) more tensors)" : ""
    throw Fault(
      .lossNotAllowed,
      "would be lost: \(first.value.consequence)\(others)",
      at: .init(file: source.path, tensor: first.key.name),
      remedy: "agree with --allow-loss \(first.value.id) if that is meant")
  }
}

/// A target tensor before it is known where it comes from.
private struct TargetSlot {
  let key: TargetKey
  let role: Role
  let shape: Shape
  let rule: Family.TensorRule
  let isDecoder: Bool

  func filled(_ action: Action, _ dtype: DType, _ exactness: Exactness) -> PlannedTensor {
    PlannedTensor(
      key: key, role: role, dtype: dtype, shape: shape, action: action, exactness: exactness)
  }
}

extension PlanBuilder {
  private func plan(_ slot: TargetSlot) throws -> PlannedTensor? {
    if let derivation = slot.rule.derivation { return try derived(slot, derivation) }
    if let (key, description) = sourceTensor(for: slot.role) {
      if let planned = try fromSource(slot, key, description) { return planned }
    }
    if let neutral = slot.rule.neutral {
      let initialisation: Initialisation = neutral == .ones ? .ones : .zeros
      return slot.filled(.initialise(initialisation), floatDType, .exact)
    }
    guard slot.isDecoder else {
      if slot.rule.isOptional { return nil }
      throw Fault(.missingTensor, "nothing in the source is its \(slot.role)")
    }
    return try initialised(slot)
  }

  /// The tensor that plays the role; a table shared by all blocks stands for each block's own.
  private func sourceTensor(for role: Role) -> (SourceKey, TensorDescription)? {
    var key = model.keys[role]
    if key == nil, role.kind == "blocks[].attention.relativePositionBias" {
      key = model.keys["relativePositionBias.shared"]
    }
    return key.flatMap { key in source.description(of: key).map { (key, $0) } }
  }

  private func fromSource(
    _ slot: TargetSlot, _ key: SourceKey, _ description: TensorDescription
  ) throws -> PlannedTensor? {
    guard description.dtype.isFloatingPoint || slot.role.path.hasSuffix(".batchCount") else {
      throw Fault(
        .wrongDType, "its source \(key) is \(description.dtype), which holds no weights",
        remedy: "convert the tensor to F32, F16, BF16 or F64 first")
    }
    let dtype = options.storedDType.dtype(for: description.dtype)
    let narrowed: Exactness = dtype.bitWidth < DType.f32.bitWidth ? .narrowed : .exact
    switch slot.role.kind {
    case "patchEmbedding.weight" where target.dimensions > model.family.dimensions:
      let inflation = try patchEmbeddingInflation(of: description)
      return slot.filled(.inflate(key, inflation), dtype, narrowed)
    case "blocks[].attention.relativePositionBias":
      let resize = try biasResize()
      guard resize.changesGrid || resize.targetGrid[2] > 1 else {
        return slot.filled(.copy(key), dtype, copyExactness(from: description.dtype, to: dtype))
      }
      return slot.filled(
        .resize(key, resize), dtype, resize.changesGrid ? .resized : narrowed)
    default:
      if description.shape == slot.shape {
        return slot.filled(.copy(key), dtype, copyExactness(from: description.dtype, to: dtype))
      }
      guard slot.role.path.hasPrefix("decoder.classifier.") else {
        throw Fault(
          .unsupportedGeometry,
          "should have shape \(slot.shape), but its source \(key) has \(description.shape)")
      }
      return nil
    }
  }

  /// The two types of 16 bits cannot hold each other's values.
  private func copyExactness(from original: DType, to stored: DType) -> Exactness {
    stored == original || stored.bitWidth > original.bitWidth ? .exact : .narrowed
  }

  private func patchEmbeddingInflation(
    of kernel: TensorDescription
  ) throws -> PatchEmbeddingInflation {
    let sourceChannels = kernel.shape[1]
    let channels =
      options.channels ?? (sourceChannels == options.inputChannels ? .keep : .sum)
    guard channels != .keep || sourceChannels == options.inputChannels else {
      throw Fault(
        .unsupportedGeometry,
        "\(sourceChannels) input channels cannot be kept for \(options.inputChannels)",
        remedy: "say --channels sum")
    }
    return PatchEmbeddingInflation(
      depth: try parameter("patchDepth"), strategy: options.patchEmbedding,
      targetChannels: options.inputChannels, channels: channels)
  }

  private func biasResize() throws -> RelativePositionBiasResize {
    RelativePositionBiasResize(
      sourceGrid: [try model.parameter("gridHeight"), try model.parameter("gridWidth")],
      targetGrid: try ["gridHeight", "gridWidth", "gridDepth"].map(parameter),
      classRowCount: 3, method: options.biasResize)
  }

  private func derived(
    _ slot: TargetSlot, _ derivation: Family.Derivation
  ) throws -> PlannedTensor {
    switch derivation {
    case .beitRelativePositionIndex:
      let grid = try ["gridHeight", "gridWidth", "gridDepth"].map(parameter)
      return slot.filled(.initialise(.relativePositionIndex(grid: grid)), .i64, .exact)
    }
  }

  /// A decoder tensor that the source lacks.
  private func initialised(_ slot: TargetSlot) throws -> PlannedTensor? {
    if case .file = options.decoderInitialisation, let decoderFile {
      let key = SourceKey(slot.key.name)
      guard let description = decoderFile.description(of: key) else {
        if slot.rule.isOptional { return nil }
        throw Fault(
          .missingTensor, "the decoder's file has no such tensor", at: .init(file: decoderFile.path)
        )
      }
      guard description.shape == slot.shape else {
        throw Fault(
          .unsupportedGeometry,
          "has shape \(description.shape) in the decoder's file, \(slot.shape) is needed",
          at: .init(file: decoderFile.path))
      }
      let dtype = options.storedDType.dtype(for: description.dtype)
      return slot.filled(
        .adopt(key), dtype, copyExactness(from: description.dtype, to: dtype))
    }
    guard options.decoderInitialisation != .omit else { return nil }
    let dtype: DType = slot.role.path.hasSuffix(".batchCount") ? .i64 : floatDType
    return slot.filled(.initialise(decoderInitialisation(of: slot)), dtype, .initialised)
  }

  /// PyTorch's defaults: batch normalisation starts as the identity; a convolution is uniform in
  /// ±1/√fan-in, its bias likewise.
  private func decoderInitialisation(of slot: TargetSlot) -> Initialisation {
    let path = slot.role.path
    if path.contains(".norm.") {
      return path.hasSuffix(".weight") || path.hasSuffix(".runningVariance") ? .ones : .zeros
    }
    guard options.decoderInitialisation == .seeded else { return .zeros }
    let fanIn =
      path.hasSuffix(".bias")
      ? weightFanIn(ofBias: slot) : slot.shape.extents.dropFirst().reduce(1, *)
    return .uniform(
      bound: 1 / Float(max(fanIn, 1)).squareRoot(),
      stream: SplitMix64.stream(seed: options.seed, name: slot.key.name))
  }

  private func weightFanIn(ofBias slot: TargetSlot) -> Int {
    let weightRole = slot.rule.role.description.replacing(".bias", with: ".weight")
    let weight = decoder?.tensors.first { $0.role.description == weightRole }
    return weight?.shape.dropFirst().reduce(1) { $0 * ($1.value(given: parameters) ?? 1) } ?? 1
  }

  /// What new floating-point tensors are stored as: the type of the source's own weights.
  private var floatDType: DType {
    let original = model.keys["patchEmbedding.weight"].flatMap(source.description)?.dtype ?? .f32
    return options.storedDType.dtype(for: original)
  }

  private func parameter(_ name: String) throws -> Int {
    guard let value = parameters[name] else {
      throw Fault(.missingHyperParameter, "\(name) of the target is not known")
    }
    return value
  }
}

extension Action {
  fileprivate var isFromSource: Bool {
    if case .adopt = self { return false }
    return true
  }
}

extension Fault.Code {
  package static let lossNotAllowed = Fault.Code("loss-not-allowed", exit: .invalidData)
  package static let unsupportedGeometry = Fault.Code("unsupported-geometry", exit: .invalidData)
}
