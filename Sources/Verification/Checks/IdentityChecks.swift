import Architectures
import Diagnostics
import Inflation
import Tensors

/// What must hold between the tensors of the 2D source and of the 3D checkpoint, whatever the weights
/// are: the conversion is planned anew, and every tensor recomputed from the source. The inflated
/// kernel is held against formulas of this target's own (``PatchEmbeddingIdentity``).
struct IdentityChecks {
  let source: any TensorSource
  let checkpoint: any TensorSource
  let model: RecognisedModel
  /// The conversions that may have made the checkpoint, from the same source to the same target.
  let conversions: [Conversion]
  let patchEmbedding: PatchEmbeddingIdentity

  /// - Parameter catalogue: where decoders are described.
  /// - Throws: `invalid-record`, and the faults of planning: the source is none of the checkpoint's.
  init(
    source: any TensorSource, sourceModel: RecognisedModel, checkpoint: any TensorSource,
    model: RecognisedModel, catalogue: FamilyCatalogue
  ) throws {
    self.source = source
    self.checkpoint = checkpoint
    self.model = model
    conversions = try ConversionOptions.thatMayHaveMade(model).map { options in
      Conversion(
        plan: try PlanBuilder(
          source: source, model: sourceModel, target: model.family, catalogue: catalogue,
          options: options
        ).plan(), source: source)
    }
    patchEmbedding = PatchEmbeddingIdentity(
      source: source, sourceModel: sourceModel, checkpoint: checkpoint, model: model)
  }

  /// The plan that all the conversions have in common: where tensors come from and what is dropped.
  var plan: Plan { conversions[0].plan }

  func run() throws -> [Check] {
    var checks = [
      try patchEmbedding.check()
        ?? comparison(.patchEmbedding) { $0 == PatchEmbeddingIdentity.role }
    ]
    for (question, isMeant) in [
      (Question.relativePositionBias, \Role.isRelativePositionBias),
      (.positionEmbedding, \.isPositionEmbedding),
    ] where plan.tensors.contains(where: { $0.role[keyPath: isMeant] }) {
      checks.append(try comparison(question) { $0[keyPath: isMeant] })
    }
    return checks + [try carriedOver()]
  }

  private func carriedOver() throws -> Check {
    if let lost = lostTensor {
      return .fallsShort(
        .carriedOver, detail: "the 2D model has this tensor, the checkpoint nothing for it",
        tensor: lost.name)
    }
    let planned = Set(plan.tensors.map(\.role))
    let extra = model.tensors.filter { role, tensor in
      !planned.contains(role) && !tensor.rule.isOptional && tensor.rule.derivation == nil
    }
    if let extra = extra.min(by: { $0.key < $1.key }) {
      return .fallsShort(
        .carriedOver, detail: "the checkpoint has this tensor, the 2D model nothing for it",
        tensor: extra.value.key.name)
    }
    return try comparison(.carriedOver) {
      $0 != PatchEmbeddingIdentity.role && !$0.isPositionEmbedding && !$0.isRelativePositionBias
    }
  }

  /// A tensor of the source that the plan makes use of for one that the checkpoint does not have.
  private var lostTensor: SourceKey? {
    plan.tensors.lazy.filter { !$0.role.isCount && model.key(of: $0.role) == nil }
      .compactMap { $0.expression.sourceKeys.first }.min()
  }

  // MARK: Comparing

  private func comparison(
    _ question: Question, of isMeant: (Role) -> Bool
  ) throws -> Check {
    var worst = WorstTensor()
    var (resized, initialised) = (0, 0)
    for (index, tensor) in plan.tensors.enumerated() where isMeant(tensor.role) {
      guard let key = model.key(of: tensor.role),
        checkpoint.description(of: key)?.dtype.isFloatingPoint == true
      else { continue }
      guard tensor.exactness != .initialised || !tensor.inputs.isEmpty else {
        initialised += 1
        continue
      }
      if tensor.exactness == .resized { resized += 1 }
      let (distance, bound) = try departure(of: key, fromTensor: index)
      worst.note(key, distance, bound: bound)
    }
    var remarks = ["\(worst.count) tensors compared"]
    if resized > 0 { remarks.append("\(resized) of them resized") }
    if initialised > 0 { remarks.append("\(initialised) more are not the 2D model's") }
    return .measured(
      question, worst.distance, bound: .atMost(worst.bound),
      detail: remarks.joined(separator: ", "), tensor: worst.tensor)
  }

  /// How far a tensor is from what the conversions have in its place: from the nearest of them,
  /// where nothing tells which one it was.
  private func departure(
    of key: SourceKey, fromTensor index: Int
  ) throws -> (distance: Double, bound: Double) {
    let actual = try checkpoint.floats(of: key).values
    var nearest: (distance: Double, bound: Double)?
    for conversion in conversions {
      let planned = conversion.plan.tensors[index]
      let bound = bound(of: key, planned)
      let distance = IdentityChecks.relativeDistance(
        actual, try conversion.values(of: planned).values)
      if distance <= bound { return (distance, bound) }
      if nearest.map({ distance < $0.distance }) ?? true { nearest = (distance, bound) }
    }
    return nearest ?? (.infinity, 0)
  }

  /// Bit-equal where values are only moved, unless the checkpoint stores fewer bits than the source;
  /// as near as arithmetic in 32 bits gets elsewhere.
  private func bound(of key: SourceKey, _ tensor: PlannedTensor) -> Double {
    let stored = checkpoint.description(of: key)?.dtype
    let isMoved = tensor.action < .fold
    let isWhole = stored == .f32 || tensor.expression.inputs.allSatisfy { $0.dtype == stored }
    let rounding = isMoved && isWhole ? 0 : checkpoint.rounding(of: key)
    return tensor.exactness == .resized ? max(rounding, 1e-4) : rounding
  }

  /// max |actual − expected| relative to max |expected|.
  static func relativeDistance(_ actual: [Float], _ expected: [Float]) -> Double {
    guard actual.count == expected.count else { return .infinity }
    var (distance, scale) = (Float(0), Float(0))
    for (left, right) in zip(actual, expected) {
      let difference = abs(left - right)
      if difference.isNaN { return .nan }
      distance = max(distance, difference)
      scale = max(scale, abs(right))
    }
    return distance == 0 ? 0 : Double(distance / max(scale, .leastNormalMagnitude))
  }
}

/// The tensor that departs most, each measured by its own bound: one that is stored in 16 bits must
/// not excuse another that is stored in 32.
private struct WorstTensor {
  var distance = 0.0
  var bound = 0.0
  var tensor: String?
  var count = 0
  private var excess = 0.0

  mutating func note(_ tensor: SourceKey, _ distance: Double, bound: Double) {
    count += 1
    let excess =
      if distance == 0 { 0.0 } else {
        // NaN is worse than any number.
        distance.isNaN || bound == 0 ? Double.infinity : distance / bound
      }
    guard excess > self.excess else {
      if self.tensor == nil { self.bound = max(self.bound, bound) }
      return
    }
    self.excess = excess
    self.distance = distance
    self.bound = bound
    self.tensor = tensor.name
  }
}

extension Role {
  fileprivate var isPositionEmbedding: Bool { self == "positionEmbedding" }

  fileprivate var isRelativePositionBias: Bool {
    path.hasSuffix("attention.relativePositionBias")
  }
}

extension TensorSource {
  /// A role's tensor in its canonical form, however the family stores it.
  func canonicalFloats(_ role: Role, of model: RecognisedModel) throws -> FloatTensor {
    let stored = try floats(of: model.requiredKey(for: role))
    return try model.rearrangement(of: role, from: stored.shape)?.applied(to: stored) ?? stored
  }

  /// Rounding to the stored type bounds what can be asked of derived weights.
  func rounding(of key: SourceKey) -> Double {
    switch description(of: key)?.dtype {
    case .f16: 1e-3
    case .bf16: 8e-3
    default: 1e-6
    }
  }
}
