import Checkpoints
import Diagnostics
import Segmenter
import Tensors

/// A recorded run of any implementation: `input` `[1, channels, height, width, depth]`, `logits`
/// `[1, classes, height, width]` or `[1, classes, height, width, depth]`, `feature.<i>`
/// `[1, tokens, hidden]` for the output of the i-th block, and `tap.<name>` for any activation, maps
/// as `[1, channels, height, width, depth]`, in one checkpoint file.
struct FixtureCheck {
  /// Forward passes against PyTorch: max |Δ| ≤ 1e-4 · max |reference|.
  private static let bound = 1e-4

  let path: String
  let model: SegmentationModel

  func run() throws -> Check {
    let fixture = try openCheckpoint(at: path)
    let window = try located(in: .init(file: path, tensor: "input")) {
      try FixtureCheck.depthBeforePlane(fixture.floats(of: SourceKey("input")))
    }
    let features = try fixture.tensors.compactMap { try feature(of: $0) }
    var taps = ActivationTaps(Set(features.map(\.tap)))
    var worst = (name: "nothing", distance: 0.0)
    if model.hasDecoder {
      let logits = try located(in: .init(file: path, tensor: "input")) {
        try model.logits(for: window, taps: &taps)
      }
      worst = ("logits", try distance(of: logits, to: SourceKey("logits"), in: fixture))
    } else {
      try located(in: .init(file: path, tensor: "input")) {
        try model.activations(for: window, taps: &taps)
      }
    }
    for feature in features {
      guard let actual = taps[feature.tap] else { continue }
      let distance = try distance(of: actual, to: feature.key, in: fixture)
      // NaN is worse than any number, and nothing is worse than NaN.
      if !worst.distance.isNaN, !(distance <= worst.distance) {
        worst = (feature.key.name, distance)
      }
    }
    let count = features.count + (model.hasDecoder ? 1 : 0)
    return .measured(
      .fixture, worst.distance, bound: .atMost(FixtureCheck.bound),
      detail: "\(path): \(count) outputs compared; \(worst.name) departs most",
      tensor: worst.name)
  }

  /// Which activation a tensor of the fixture records, if it is no other part of it.
  private func feature(
    of tensor: TensorDescription
  ) throws -> (key: SourceKey, tap: String)? {
    let name = tensor.key.name
    guard name != "input", name != "logits" else { return nil }
    let activations = model.activationNames
    let tap =
      name.hasPrefix("feature.")
      ? "blocks[\(name.dropFirst("feature.".count))]"
      : name.hasPrefix("tap.") ? String(name.dropFirst("tap.".count)) : ""
    guard activations.contains(tap) else {
      throw Fault(
        .invalidFixture, "nothing of the model is called so",
        at: .init(file: path, tensor: name),
        remedy: "a fixture has input, logits, feature.0 and so on for the outputs of blocks, and "
          + "tap.NAME for NAME of: \(activations.joined(separator: ", "))")
    }
    return (tensor.key, tap)
  }

  private func distance(
    of actual: FloatTensor, to key: SourceKey, in fixture: any TensorSource
  ) throws -> Double {
    var expected = try fixture.floats(of: key)
    if expected.shape.rank == 5, actual.shape.rank == 4 {
      let planar = try FixtureCheck.depthBeforePlane(expected)
      expected = try FloatTensor(
        shape: Shape([1] + planar.shape.extents), values: planar.values)
    }
    guard expected.shape.extents == [1] + actual.shape.extents else {
      throw Fault(
        .invalidFixture, "has shape \(expected.shape), the model's output is [1] + \(actual.shape)",
        at: .init(file: path, tensor: key.name))
    }
    return IdentityChecks.relativeDistance(actual.values, expected.values)
  }

  /// `[1, channels, height, width, depth]` to `[channels, depth, height, width]`.
  static func depthBeforePlane(_ input: FloatTensor) throws -> FloatTensor {
    guard input.shape.rank == 5, input.shape[0] == 1 else {
      throw Fault(
        .invalidFixture, "has shape \(input.shape), not [1, channels, height, width, depth]")
    }
    let extents = input.shape.extents
    return try Rearrangement(
      split: Array(extents.dropFirst()), order: [0, 3, 1, 2],
      shape: Shape([extents[1], extents[4], extents[2], extents[3]])
    ).applied(to: input)
  }
}

extension Fault.Code {
  package static let invalidFixture = Fault.Code("invalid-fixture", exit: .invalidData)
}
