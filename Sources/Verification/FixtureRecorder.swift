import Checkpoints
import Segmenter
import Tensors
import Volumes

/// Makes a fixture from a run of a model: what ``FixtureCheck`` repeats, of this or any other
/// implementation.
package struct FixtureRecorder: Sendable {
  private let model: SegmentationModel

  package init(model: SegmentationModel) { self.model = model }

  /// Runs the model and writes `input` `[1, channels, height, width, depth]`, `logits`
  /// `[1, classes, height, width]`, of a model that scores whole windows
  /// `[1, classes, height, width, depth]`, and the outputs of all blocks, `feature.<i>`
  /// `[1, tokens, hidden]`.
  ///
  /// - Parameters:
  ///   - scan: whose middle window is the input, normalised as the model expects; a pattern when nil.
  /// - Returns: how many outputs were recorded.
  /// - Throws: `unsupported-model` without a decoder, and the faults of files.
  package func record(
    scan: Volume?, preparation: VolumePreparation, to output: CheckpointOutput
  ) throws -> Int {
    let window = try window(scan: scan, preparation: preparation)
    let blocks = (0..<model.activationNames.count).map { "blocks[\($0)]" }
      .filter(model.activationNames.contains)
    var taps = ActivationTaps(Set(blocks))
    let logits = try model.logits(for: window, taps: &taps)
    var tensors: [String: FloatTensor] = [:]
    tensors["input"] = try FixtureRecorder.batched(window)
    tensors["logits"] = try FixtureRecorder.batched(logits)
    for (index, block) in blocks.enumerated() {
      guard let tokens = taps[block] else { continue }
      tensors["feature.\(index)"] = try FixtureRecorder.batched(tokens)
    }
    let stored = try tensors.map {
      try StoredTensor(TargetKey($0.key), dtype: .f32, shape: $0.value.shape)
    }
    try output.write(stored, metadata: [:]) { tensor, emit in
      guard let recorded = tensors[tensor.key.name] else { return }
      let bytes = try DType.f32.encode(recorded.values)
      try emit(bytes.span.bytes)
    }
    return tensors.count - 1
  }

  private func window(scan: Volume?, preparation: VolumePreparation) throws -> FloatTensor {
    let extents = model.windowExtents
    let (depth, height, width) = (extents[1], extents[2], extents[3])
    let slices =
      try scan.map {
        try TestSlices.window(
          of: preparation.prepared([$0]), depth: depth, height: height, width: width)
      } ?? TestSlices.patterns(depth, height: height, width: width)
    return try FixtureRecorder.repeatedChannels(
      TestSlices.tensor(slices, height: height, width: width), count: extents[0])
  }

  /// The one channel in every place: a recorded input stands for itself.
  private static func repeatedChannels(_ window: FloatTensor, count: Int) throws -> FloatTensor {
    try FloatTensor(
      shape: Shape([count] + window.shape.extents.dropFirst()),
      values: (0..<count).flatMap { _ in window.values })
  }

  /// As the one sample of a batch; `[channels, depth, height, width]` with the depth last.
  static func batched(_ tensor: FloatTensor) throws -> FloatTensor {
    let extents = tensor.shape.extents
    guard extents.count == 4 else {
      return try FloatTensor(shape: Shape([1] + extents), values: tensor.values)
    }
    return try Rearrangement(
      split: extents, order: [0, 2, 3, 1],
      shape: Shape([1, extents[0], extents[2], extents[3], extents[1]])
    ).applied(to: tensor)
  }
}
