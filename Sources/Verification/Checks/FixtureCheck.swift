import Checkpoints
import Diagnostics
import Segmenter
import Tensors

/// A recorded run of any implementation: `input` `[1, channels, height, width, depth]`, `logits`
/// `[1, classes, height, width]`, and `feature.<i>` `[1, tokens, hidden]` for the output of the
/// i-th block, in one checkpoint file.
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
    let logits = try located(in: .init(file: path, tensor: "input")) {
      try model.logits(for: window, taps: &taps)
    }
    var worst = (
      name: "logits",
      distance: try distance(of: logits, to: SourceKey("logits"), in: fixture)
    )
    for feature in features {
      guard let actual = taps[feature.tap] else { continue }
      let distance = try distance(of: actual, to: feature.key, in: fixture)
      // NaN is worse than any number, and nothing is worse than NaN.
      if !worst.distance.isNaN, !(distance <= worst.distance) {
        worst = (feature.key.name, distance)
      }
    }
    return .measured(
      .fixture, worst.distance, bound: .atMost(FixtureCheck.bound),
      detail: "\(path): \(features.count + 1) outputs compared; \(worst.name) departs most",
      tensor: worst.name)
  }

  /// Which activation a tensor of the fixture records, if it is no other part of it.
  private func feature(
    of tensor: TensorDescription
  ) throws -> (key: SourceKey, tap: String)? {
    let name = tensor.key.name
    guard name != "input", name != "logits" else { return nil }
    let prefix = "feature."
    guard name.hasPrefix(prefix), let block = Int(name.dropFirst(prefix.count)),
      model.activationNames.contains("blocks[\(block)]"), name == "\(prefix)\(block)"
    else {
      throw Fault(
        .invalidFixture, "nothing of the model is called so",
        at: .init(file: path, tensor: name),
        remedy: "a fixture has input, logits and feature.0 to feature.N for the model's blocks")
    }
    return (tensor.key, "blocks[\(block)]")
  }

  private func distance(
    of actual: FloatTensor, to key: SourceKey, in fixture: any TensorSource
  ) throws -> Double {
    let expected = try fixture.floats(of: key)
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
    let (channels, depth) = (input.shape[1], input.shape[4])
    let area = input.shape[2] * input.shape[3]
    var window = FloatTensor(
      shape: try Shape([channels, depth, input.shape[2], input.shape[3]]))
    for channel in 0..<channels {
      for slice in 0..<depth {
        for index in 0..<area {
          window[(channel * depth + slice) * area + index] =
            input.values[(channel * area + index) * depth + slice]
        }
      }
    }
    return window
  }
}

extension Fault.Code {
  package static let invalidFixture = Fault.Code("invalid-fixture", exit: .invalidData)
}
