import Architectures
import Diagnostics
import Tensors

/// Decides for every target tensor where it comes from, and for every source tensor where it goes.
package struct PlanBuilder {
  let source: any TensorSource
  let model: RecognisedModel
  let target: Family
  /// The decoder's description, when it is not the target's own.
  let decoder: (component: Family.Component, family: Family)?
  let options: ConversionOptions
  let decoderFile: (any TensorSource)?
  let parameters: [String: Int]
  let targetOptions: [String: String]
  /// Whether the target has a decoder at all, its own or a component's.
  let includesDecoder: Bool
  let resolver: RoleResolver
  private let sourceKinds: Set<String>
  var tensors: [PlannedTensor] = []
  var drops: [SourceKey: [DroppedTensor]] = [:]

  /// - Parameter decoderFile: the open checkpoint of `--decoder-init from:FILE`.
  /// - Throws: `unsupported-geometry`, `incompatible-families`, `usage`, `missing-hyper-parameter`.
  package init(
    source: any TensorSource, model: RecognisedModel, target: Family, catalogue: FamilyCatalogue,
    options: ConversionOptions, decoderFile: (any TensorSource)? = nil
  ) throws {
    let options = options.followingPaper(to: target)
    self.source = source
    self.model = model
    self.target = target
    self.options = options
    self.decoderFile = decoderFile
    targetOptions = try target.resolving(options.targetOptions)
    try PlanBuilder.checkBuild(of: model, target)
    // What the source lacks and is not to be initialised is left out as a whole.
    includesDecoder =
      options.includesDecoder && (model.hasDecoder || options.decoderInitialisation != .omit)
    decoder = try PlanBuilder.decoder(
      for: model, target, options, catalogue, isWanted: includesDecoder)
    let rules = target.tensors + (decoder?.family.tensors ?? [])
    var adjusted = options
    adjusted.includesDecoder = includesDecoder
    var parameters = try TargetGeometry(
      model: model, target: target, targetOptions: targetOptions, decoder: decoder?.family,
      options: adjusted,
      decoderSizes: PlanBuilder.decoderSizes(in: decoderFile, target, decoder, catalogue, options)
    ).parameters
    let blocks = try KeptBlocks(
      options.layers, model: model, target: target, parameters: &parameters
    ).numbers
    self.parameters = parameters
    resolver = RoleResolver(
      source: source, model: model,
      targetKinds: Set(
        rules.filter { [targetOptions] in $0.holds(under: targetOptions) }.map {
          $0.role(at: [:]).kind
        }),
      blocks: blocks)
    sourceKinds = Set(model.tensors.keys.map(\.kind))
    for (key, rule) in model.drops { drops[key] = [DroppedTensor(key: key, part: nil, rule: rule)] }
  }

  /// - Throws: `loss-not-allowed`, `missing-tensor`, `unsupported-geometry`.
  package consuming func plan() throws -> Plan {
    try checkClasses()
    try add(target, prefix: target.prefixes[0])
    if let decoder { try add(decoder.family, prefix: decoder.component.prefixes[0]) }
    let layers = try decoderLayers()
    accountForSources()
    let deviations = deviations()
    try checkLosses(deviations)
    return Plan(
      source: model, target: target, targetParameters: parameters, targetOptions: targetOptions,
      decoderLayers: layers, options: options, tensors: tensors.sorted { $0.key < $1.key },
      dropped: drops.sorted { $0.key < $1.key }.flatMap(\.value), deviations: deviations)
  }

  /// Before the user is asked for the geometry of a target that cannot come about anyway.
  private static func checkBuild(of model: RecognisedModel, _ target: Family) throws {
    for (part, name) in [
      ("stages[", "stages of attention in windows"),
      ("blocks[", "blocks of attention to all tokens"),
    ] where target.tensors.contains(where: { $0.role.description.hasPrefix(part) }) {
      guard !model.tensors.keys.contains(where: { $0.path.hasPrefix(part) }) else { continue }
      throw Fault(
        .incompatibleFamilies,
        "\(target.title) is made of \(name), a \(model.family.title) model is not",
        remedy: "choose a target that is built like the source")
    }
  }

  /// The component that the user names, or the source's own, or else the target's usual one.
  private static func decoder(
    for model: RecognisedModel, _ target: Family, _ options: ConversionOptions,
    _ catalogue: FamilyCatalogue, isWanted: Bool
  ) throws -> (Family.Component, Family)? {
    guard isWanted else { return nil }
    let named = options.decoderID
    let own = target.components.first { $0.familyID == model.component?.id }
    let component =
      named.map { id in target.components.first { $0.familyID == id } } ?? own
      ?? target.components.first
    guard let component else {
      guard named == nil else {
        let known = target.components.map(\.familyID).joined(separator: ", ")
        throw Fault(
          .usage, "\(target.title) has no decoder called \"\(printable(named ?? ""))\"",
          remedy: known.isEmpty ? "leave out --decoder, or say none" : "it has \(known), none")
      }
      return nil
    }
    return (component, try catalogue.family(component.familyID))
  }

  /// What the file of `--decoder-init from:FILE` says of the decoder's sizes.
  private static func decoderSizes(
    in file: (any TensorSource)?, _ target: Family,
    _ decoder: (component: Family.Component, family: Family)?, _ catalogue: FamilyCatalogue,
    _ options: ConversionOptions
  ) throws -> [String: Int] {
    guard let file, let decoder else { return [:] }
    let match = FamilyCatalogue.sizes(
      of: decoder.family, prefix: decoder.component.prefixes[0], in: file)
    guard match["classes"] != nil || options.outputChannels != nil else {
      throw Fault(
        .missingTensor, "no tensor of the decoder's file tells its number of classes",
        at: .init(file: file.path), remedy: "say --out-channels N")
    }
    return match
  }

  /// A decoder has to know how many classes there are.
  private func checkClasses() throws {
    let knowsClasses = { (family: Family) in family.uses("classes") }
    let needsClasses =
      includesDecoder && (decoder.map { knowsClasses($0.family) } ?? knowsClasses(target))
    guard needsClasses, parameters["classes"] == nil else { return }
    throw Fault(
      .usage, "the source has no decoder that tells the number of classes",
      remedy: "say --out-channels N, or --decoder none")
  }

  private func decoderLayers() throws -> [Int] {
    guard let decoder, target.needsDecoderLayers else { return [] }
    let depth = parameters["depth"] ?? 0
    let layers =
      options.layers ?? (model.decoderLayers.isEmpty ? nil : model.decoderLayers)
      ?? target.decoderLayers(depth: depth) ?? []
    let count = decoder.family.constant("inputCount").map { Int($0) } ?? 4
    guard layers.count == count, layers.allSatisfy({ $0 < depth }) else {
      throw Fault(
        .missingHyperParameter,
        "which \(count) of the \(depth) blocks feed the decoder is not known",
        remedy: "name them, counted from 0: --layers 3,5,7,11")
    }
    return layers
  }

  private mutating func add(_ family: Family, prefix: String) throws {
    for rule in family.tensors where rule.holds(under: targetOptions) {
      if !includesDecoder, rule.role(at: [:]).isDecoder { continue }
      for indices in family.positions(of: rule, given: parameters) {
        let key = TargetKey(prefix + rule.name.name(at: indices))
        let planned = try located(in: .init(file: source.path, tensor: key.name)) {
          try checkCompatible(rule, indices)
          return try plan(TargetSlot(key, rule, indices, parameters), in: family).map(withinLimit)
        }
        if let planned { tensors.append(planned) }
      }
    }
  }

  /// Before the target's geometry is asked for what only the missing tensor would tell.
  private func checkCompatible(_ rule: TensorRule, _ indices: Indices) throws {
    let role = rule.role(at: indices)
    guard role.isEssential, rule.neutral == nil, rule.derivation == nil, !rule.isOptional,
      !sourceKinds.contains(role.kind),
      try resolver.expression(for: role) == nil
    else { return }
    throw Fault(
      .incompatibleFamilies, "a \(model.family.title) model has nothing that could become this",
      remedy: "choose a target that is built like the source")
  }

  /// The most bytes of one tensor that are made in memory; 4 GiB hold the index buffers of images
  /// of 2400×2400 pixels.
  private static let byteLimit = 1 << 32

  private func withinLimit(_ tensor: PlannedTensor) throws -> PlannedTensor {
    if tensor.expression.onlyMoves(tensor.dtype) { return tensor }
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

  func parameter(_ name: String) throws -> Int {
    guard let value = parameters[name] else {
      throw Fault(.missingHyperParameter, "\(name) of the target is not known")
    }
    return value
  }
}

/// A target tensor before it is known where it comes from.
struct TargetSlot {
  let key: TargetKey
  let role: Role
  let rule: TensorRule
  let indices: Indices
  /// As it will be stored.
  let shape: Shape
  /// In the role's canonical form.
  let canonicalShape: Shape

  /// - Throws: `missing-hyper-parameter`, `over-limit`, `unsupported-geometry`.
  init(
    _ key: TargetKey, _ rule: TensorRule, _ indices: Indices, _ parameters: [String: Int]
  ) throws {
    self.key = key
    self.rule = rule
    self.indices = indices
    role = rule.role(at: indices)
    shape = try Shape(
      rule.shape.map { expression in
        if let extent = expression.value(given: parameters, at: indices) { return extent }
        let unknown = expression.symbols(at: indices).filter { parameters[$0] == nil }.sorted()
        throw unknown.isEmpty
          ? Fault(.overLimit, "extent \(expression) has no value of 63 bits")
          : Fault(
            .missingHyperParameter,
            "\(unknown.joined(separator: ", ")) of the target is not known",
            remedy: remedy(forUnknown: unknown[0]))
      })
    canonicalShape =
      try rule.layout?.canonicalShape(of: shape, given: parameters, at: indices) ?? shape
  }
}

private func remedy(forUnknown symbol: String) -> String? {
  switch symbol {
  case "heads": "say --heads N"
  case "featureSize", "embedding": "say --feature-size N"
  case "classes": "say --out-channels N, or --decoder none"
  case _ where symbol.hasPrefix("window"): "say --window h,w,d"
  case _ where symbol.hasPrefix("patch"): "say --patch-size h,w,d"
  case _ where symbol.hasPrefix("grid"), _ where symbol.hasPrefix("image"): "say --image-size H,W,D"
  default: nil
  }
}

extension Family {
  /// Whether decoders take the outputs of some of the blocks, which have to be named.
  var needsDecoderLayers: Bool {
    tensors.contains { $0.role.description.hasPrefix("blocks[") } && !components.isEmpty
  }

  /// The value of each of the family's options: what was asked, or the usual one.
  ///
  /// - Throws: `usage` for an option or a value that the family does not have.
  func resolving(_ asked: [String: String]) throws -> [String: String] {
    for (name, value) in asked.sorted(by: { $0.key < $1.key }) {
      guard let known = options.first(where: { $0.name == name }) else {
        let names = options.map(\.name).joined(separator: ", ")
        throw Fault(
          .usage, "\(title) has no option \"\(printable(name))\"",
          remedy: names.isEmpty ? nil : "it has \(names)")
      }
      guard known.values.contains(value) else {
        throw Fault(
          .usage, "\(name) of \(title) cannot be \"\(printable(value))\"",
          remedy: "say one of \(known.values.joined(separator: ", "))")
      }
    }
    let resolved = Dictionary(
      options.map { ($0.name, asked[$0.name] ?? $0.values[0]) }
    ) { first, _ in first }
    if let refusal = geometry.refusals.first(where: { $0.conditions.hold(under: resolved) }) {
      throw Fault(
        .unsupportedGeometry, "\(title): \(refusal.reason)", remedy: refusal.remedy)
    }
    return resolved
  }
}

extension Fault.Code {
  package static let lossNotAllowed = Fault.Code("loss-not-allowed", exit: .invalidData)
  package static let incompatibleFamilies = Fault.Code(
    "incompatible-families", exit: .invalidData)
}
