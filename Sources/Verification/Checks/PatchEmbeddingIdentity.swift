import Architectures
import Inflation
import Tensors

/// The inflated kernel against the 2D one: its slices add up to it, and each is the share that the
/// strategy says.
struct PatchEmbeddingIdentity {
  let source: any TensorSource
  let sourceModel: RecognisedModel
  let checkpoint: any TensorSource
  let model: RecognisedModel

  static let role: Role = "patchEmbedding.weight"

  /// Nil when the patches have another size than the 2D model's: for an interpolation there is no
  /// formula as simple as a sum.
  func check() throws -> Check? {
    let role = PatchEmbeddingIdentity.role
    let key = try model.requiredKey(for: role)
    let kernel = try depthFirst(checkpoint.canonicalFloats(role, of: model))
    let original = try source.canonicalFloats(role, of: sourceModel)
    guard kernel.shape.rank == 5, original.shape.rank == 4,
      kernel.shape[0] == original.shape[0]
    else {
      return .fallsShort(
        .patchEmbedding,
        detail: "kernel \(kernel.shape) cannot be an inflation of \(original.shape)",
        tensor: key.name)
    }
    guard kernel.shape.extents.suffix(2) == original.shape.extents.suffix(2) else { return nil }
    let expected = try expectedDepthSums(of: original, channels: kernel.shape[1])
    let sums = depthSums(of: kernel)
    let distance = IdentityChecks.relativeDistance(sums, expected)
    let bound = checkpoint.rounding(of: key) * Double(kernel.shape[2]).squareRoot()
    // Without a record of the strategy, any will do.
    let strategies =
      model.record?.options["patch-embed"].map { [$0] } ?? ["average", "center"]
    let misplaced = strategies.map {
      misplacedSlice(in: kernel, sums, strategy: $0, tolerance: checkpoint.rounding(of: key))
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

  /// `[hidden, channels, height, width, depth]` to `[hidden, channels, depth, height, width]`,
  /// whichever axis of the volume it is that runs through the slices.
  private func depthFirst(_ kernel: FloatTensor) throws -> FloatTensor {
    guard kernel.shape.rank == 5 else { return kernel }
    let depthAxis = model.record?.options["depth-axis"].flatMap { Int($0) } ?? 2
    var order = [0, 1, 2, 3, 4]
    order.insert(order.remove(at: 2 + depthAxis), at: 2)
    return try Rearrangement(
      split: kernel.shape.extents, order: order,
      shape: Shape(order.map { kernel.shape[$0] })
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
