import Architectures
import Diagnostics
import Inflation
import Tensors

/// What must hold between the tensors of the 2D source and of the 3D checkpoint, whatever the
/// weights are.
struct IdentityChecks {
  let source: any TensorSource
  let sourceModel: RecognisedModel
  let checkpoint: any TensorSource
  let model: RecognisedModel

  func run() throws -> [Check] {
    [try patchEmbedding(), try relativePositionBias(), try carriedOver()]
  }

  /// The tensor that departs most, each measured by its own bound: one that is stored in 16 bits
  /// must not excuse another that is stored in 32.
  private struct Worst {
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

  /// Rounding to the stored type bounds what can be asked of derived weights.
  private func tolerance(_ key: SourceKey) -> Double {
    switch checkpoint.description(of: key)?.dtype {
    case .f16: 1e-3
    case .bf16: 8e-3
    default: 1e-6
    }
  }
}

// MARK: - The patch embedding

extension IdentityChecks {
  private func patchEmbedding() throws -> Check {
    let role: Role = "patchEmbedding.weight"
    let key = try model.requiredKey(for: role)
    let kernel = try depthFirst(checkpoint.canonicalFloats(role, of: model))
    let original = try source.canonicalFloats(role, of: sourceModel)
    guard kernel.shape.rank == 5, original.shape.rank == 4,
      kernel.shape[0] == original.shape[0], kernel.shape[3] == original.shape[2],
      kernel.shape[4] == original.shape[3]
    else {
      return .fallsShort(
        .patchEmbedding,
        detail: "kernel \(kernel.shape) cannot be an inflation of \(original.shape)",
        tensor: key.name)
    }
    let expected = try expectedDepthSums(of: original, channels: kernel.shape[1])
    let sums = depthSums(of: kernel)
    let distance = IdentityChecks.relativeDistance(sums, expected)
    let bound = tolerance(key) * Double(kernel.shape[2]).squareRoot()
    // Without a record of the strategy, any will do.
    let strategies =
      model.record?.options["patch-embed"].map { [$0] } ?? ["average", "center"]
    let misplaced = strategies.map {
      misplacedSlice(in: kernel, sums, strategy: $0, tolerance: tolerance(key))
    }
    if let slice = misplaced.first ?? nil, !misplaced.contains(nil) {
      return .fallsShort(
        .patchEmbedding,
        detail: "slice \(slice) is not as \(strategies.joined(separator: " or ")) has it",
        tensor: key.name)
    }
    return .measured(
      .patchEmbedding, distance, bound: .atMost(bound),
      detail: "the kernels of \(kernel.shape[2]) slices are summed", tensor: key.name)
  }

  /// `[hidden, channels, height, width, depth]` to `[hidden, channels, depth, height, width]`.
  private func depthFirst(_ kernel: FloatTensor) throws -> FloatTensor {
    guard kernel.shape.rank == 5 else { return kernel }
    let extents = kernel.shape.extents
    return try Rearrangement(
      split: extents, order: [0, 1, 4, 2, 3],
      shape: Shape([extents[0], extents[1], extents[4], extents[2], extents[3]])
    ).applied(to: kernel)
  }

  /// `[hidden, channels, height, width]`: the sum over the depth.
  private func depthSums(of kernel: FloatTensor) -> [Float] {
    let (depth, area) = (kernel.shape[2], kernel.shape[3] * kernel.shape[4])
    var sums: [Float] = []
    sums.reserveCapacity(kernel.shape.elementCount / depth)
    for plane in 0..<kernel.shape[0] * kernel.shape[1] {
      for index in 0..<area {
        var sum = 0.0
        for slice in 0..<depth {
          sum += Double(kernel.values[(plane * depth + slice) * area + index])
        }
        sums.append(Float(sum))
      }
    }
    return sums
  }

  /// The channels joined as the record says or, without one, as the converter does when it is not
  /// told: as many are kept, others summed in equal parts.
  private func expectedDepthSums(of original: FloatTensor, channels: Int) throws -> [Float] {
    let (hidden, sourceChannels) = (original.shape[0], original.shape[1])
    let area = original.shape[2] * original.shape[3]
    let strategy = ChannelStrategy.used(for: model.record, from: sourceChannels, to: channels)
    if strategy == .keep, channels == sourceChannels { return original.values }
    let coefficients = try strategy.coefficients(from: sourceChannels, to: channels)
    var expected: [Float] = []
    expected.reserveCapacity(hidden * channels * area)
    for output in 0..<hidden {
      for weights in coefficients {
        for index in 0..<area {
          var sum = 0.0
          for (channel, weight) in weights.enumerated() {
            let place = (output * sourceChannels + channel) * area + index
            sum += weight * Double(original.values[place])
          }
          expected.append(Float(sum))
        }
      }
    }
    return expected
  }

  /// The first slice that is not the strategy's part of the sums over all.
  private func misplacedSlice(
    in kernel: FloatTensor, _ sums: [Float], strategy: String, tolerance: Double
  ) -> Int? {
    let (depth, area) = (kernel.shape[2], kernel.shape[3] * kernel.shape[4])
    guard let weights = try? DepthStrategy(parsing: strategy).weights(depth: depth) else {
      return nil
    }
    return (0..<depth).first { slice in
      var (actual, expected): ([Float], [Float]) = ([], [])
      for plane in 0..<kernel.shape[0] * kernel.shape[1] {
        let start = (plane * depth + slice) * area
        actual += kernel.values[start..<start + area]
        expected += sums[plane * area..<(plane + 1) * area].map {
          Float(Double($0) * weights[slice])
        }
      }
      return !(IdentityChecks.relativeDistance(actual, expected) <= tolerance)
    }
  }
}

extension ChannelStrategy {
  /// What the record of a conversion says or, when it says nothing, what the converter does then.
  static func used(
    for record: ConversionRecord?, from sources: Int, to targets: Int
  ) -> ChannelStrategy {
    let recorded = record?.options["channels"].flatMap { try? ChannelStrategy(parsing: $0) }
    return recorded ?? (sources == targets ? .keep : .sum)
  }
}

// MARK: - Tables and copies

extension IdentityChecks {
  private static let tableKind = "blocks[].attention.relativePositionBias"

  private func relativePositionBias() throws -> Check {
    var worst = Worst()
    let method =
      model.record?.options["rel-pos-resize"].flatMap { BiasResizeMethod(rawValue: $0) }
      ?? .geometric
    let sourceGrid = try located(in: .init(file: source.path)) {
      try ["gridHeight", "gridWidth"].map(sourceModel.parameter)
    }
    let targetGrid = try ["gridHeight", "gridWidth", "gridDepth"].map(model.parameter)
    let changesGrid = sourceGrid != Array(targetGrid.prefix(2))
    let bound = changesGrid ? 1e-4 : 0
    for (role, key) in model.sortedKeys
    where role.kind == IdentityChecks.tableKind {
      let original = try located(in: .init(file: source.path)) {
        try sourceModel.key(of: role) ?? sourceModel.requiredKey(for: "relativePositionBias.shared")
      }
      let table = try source.floats(of: original)
      let expected = try RelativePositionBiasResize(
        from: table.shape, sourceGrid: sourceGrid, targetGrid: targetGrid, classRowCount: 3,
        method: method
      ).apply(to: [table])
      let actual = try checkpoint.floats(of: key)
      worst.note(
        key, IdentityChecks.relativeDistance(actual.values, expected.values),
        bound: max(bound, storedBound(key, original)))
    }
    return .measured(
      .relativePositionBias, worst.distance, bound: .atMost(worst.bound),
      detail: changesGrid
        ? "\(worst.count) tables, resized and compared" : "\(worst.count) tables, compared",
      tensor: worst.tensor)
  }

  private func carriedOver() throws -> Check {
    if let lost = lostTensor {
      return .fallsShort(
        .carriedOver, detail: "the 2D model has this tensor, the checkpoint nothing for it",
        tensor: lost.name)
    }
    let neutral = Dictionary(
      model.family.tensors.compactMap { rule in
        rule.neutral.map { (rule.role(at: [:]).kind, $0 == .ones ? Float(1) : 0) }
      }
    ) { first, _ in first }
    var worst = Worst()
    for (role, key) in model.sortedKeys
    where role.path != "patchEmbedding.weight" && role.kind != IdentityChecks.tableKind {
      guard let description = checkpoint.description(of: key), description.dtype.isFloatingPoint
      else { continue }
      if let original = sourceModel.key(of: role) {
        guard source.description(of: original)?.shape == description.shape else { continue }
        let distance = IdentityChecks.relativeDistance(
          try checkpoint.floats(of: key).values, try source.floats(of: original).values)
        worst.note(key, distance, bound: storedBound(key, original))
      } else if let value = neutral[role.kind] {
        // What the 2D model does not have must change nothing here.
        let values = try checkpoint.floats(of: key).values
        worst.note(
          key,
          IdentityChecks.relativeDistance(
            values, Array(repeating: value, count: values.count)), bound: 0)
      }
    }
    return .measured(
      .carriedOver, worst.distance, bound: .atMost(worst.bound),
      detail: "\(worst.count) tensors compared",
      tensor: worst.tensor)
  }

  /// A tensor of the source whose like the 3D family has, but not this checkpoint: the blocks of a
  /// shallower model are all right one by one.
  private var lostTensor: SourceKey? {
    let kinds = Set(
      model.family.tensors.filter { !$0.isOptional }.map { $0.role(at: [:]).kind })
    let lost = sourceModel.tensors.mapValues(\.key).filter { role, _ in
      let isWanted =
        role.path.hasPrefix("decoder.")
        ? model.hasDecoder && !role.path.hasSuffix(".batchCount") : kinds.contains(role.kind)
      return isWanted && model.key(of: role) == nil
    }
    return lost.min { $0.key < $1.key }?.value
  }

  /// Bit-equal unless the checkpoint stores fewer bits than the source.
  private func storedBound(_ key: SourceKey, _ original: SourceKey) -> Double {
    let stored = checkpoint.description(of: key)?.dtype
    return stored == source.description(of: original)?.dtype || stored == .f32
      ? 0 : tolerance(key)
  }
}

extension TensorSource {
  /// A role's tensor in its canonical form, however the family stores it.
  func canonicalFloats(_ role: Role, of model: RecognisedModel) throws -> FloatTensor {
    let stored = try floats(of: model.requiredKey(for: role))
    return try model.rearrangement(of: role, from: stored.shape)?.applied(to: stored) ?? stored
  }
}
