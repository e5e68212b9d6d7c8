import Architectures
import Diagnostics
import Kernels
import Tensors

/// A transformer, alone or with a segmenter's decoder, with its weights in memory: ready to be used
/// any number of times, from several threads if need be.
///
/// An encoder and a decoder, each chosen by the family and taking its weights by their roles from
/// any checkpoint. Image models and the volume models inflated from them run the same code; an image
/// model is a volume model whose window has one slice. The model knows nothing of how its weights
/// came about, which is what makes its word on a conversion worth something.
package struct SegmentationModel: Sendable {
  private let encoder: any Encoder
  private let decoder: (any Decoder)?
  private let workspace = Workspace()
  /// What the window's extents must be.
  package let window: WindowRequirement
  package let memoryEstimate: MemoryEstimate

  /// Loads and checks the weights. A checkpoint without decoder makes a model that only encodes.
  ///
  /// - Parameter memoryLimit: bytes that weights and intermediate results may take together; the
  ///   machine's memory when nil
  /// - Throws: `missing-tensor`, `wrong-dtype`, `weight-shape`, `unsupported-model`, `over-limit`,
  ///   or what reading the checkpoint brings up, naming the tensor.
  package init(
    model: RecognisedModel, source: any TensorSource, memoryLimit: Int? = nil
  ) throws {
    InstructionSet.selected = try InstructionSet.requested()
    guard SegmentationModel.canRun(model.family) else {
      throw Fault(
        .unsupportedModel, "a \(model.family.title) model cannot be run yet",
        at: .init(file: source.path))
    }
    (window, memoryEstimate, encoder, decoder) = try located(in: .init(file: source.path)) {
      let window = try WindowRequirement(model)
      let estimate = MemoryEstimate(model, window, source: source)
      try estimate.check(against: memoryLimit)
      let loader = WeightLoader(model: model, source: source, expectedWindow: window.usualExtents)
      let encoder = try ModelParts.encoder(loader)
      return (window, estimate, encoder, try ModelParts.decoder(loader))
    }
  }

  /// Whether there is a forward pass for models of the family.
  package static func canRun(_ family: Family) -> Bool {
    !["sam", "sam-timm", "sam-huggingface"].contains(family.id)
  }

  /// How many threads all models use together; the machine's processors unless set. Results do not
  /// depend on it.
  package static var threadCount: Int {
    get { Parallelism.threadCount }
    set { Parallelism.threadCount = newValue }
  }

  /// The size of the input: `[channels, depth, height, width]`; the usual one for a model that takes
  /// several. One channel will do for any model: it then stands in all of them.
  package var windowExtents: [Int] { window.usualExtents }

  package var hasDecoder: Bool { decoder != nil }

  /// The size of the output for the usual window, or nil without a decoder: `[classes, height,
  /// width]` for the scores of the middle slice, `[classes, depth, height, width]` for a model that
  /// segments the whole window. The paper's heads give 16 scores along each axis of a token, so
  /// that height and width are the image's for a patch size of 16.
  package var logitsExtents: [Int]? {
    guard let decoder else { return nil }
    let extents = decoder.scoresExtents(for: windowExtents)
    let plane = [extents[0], extents[1]]
    return [decoder.classes] + (segmentsVolume ? [extents[2]] : []) + plane
  }

  /// Whether the output has scores for every slice of the window.
  package var segmentsVolume: Bool { decoder?.segmentsVolume ?? false }

  /// What ``ActivationTaps`` may ask for, in the order of computation.
  package var activationNames: [String] {
    encoder.activationNames + (decoder?.activationNames ?? [])
  }

  /// - Parameter window: `[channels, depth, height, width]`
  /// - Returns: scores; see ``logitsExtents``
  /// - Throws: `window-shape`, `non-finite-activation`, or `unsupported-model` without a decoder.
  package func logits(for window: FloatTensor) throws -> FloatTensor {
    var taps = ActivationTaps()
    return try logits(for: window, taps: &taps)
  }

  /// The same, keeping the activations that `taps` asks for.
  package func logits(
    for window: FloatTensor, taps: inout ActivationTaps
  ) throws -> FloatTensor {
    guard let decoder else {
      throw Fault(.unsupportedModel, "the checkpoint has no decoder, and so no scores")
    }
    var pass = try begin(window, taps)
    var features = try encoder.features(of: window, &pass)
    let scores = try decoder.scores(from: &features, window: window, &pass)
    taps = pass.taps
    return try FloatTensor(
      shape: Shape(
        [scores.channelCount] + (segmentsVolume ? [scores.depth] : [])
          + [scores.height, scores.width]),
      values: scores.planarValues)
  }

  /// Runs the encoder alone, for the activations that `taps` asks for.
  package func activations(
    for window: FloatTensor, taps: inout ActivationTaps
  ) throws {
    var pass = try begin(window, taps)
    _ = try encoder.features(of: window, &pass)
    taps = pass.taps
  }

  private func begin(_ window: FloatTensor, _ taps: ActivationTaps) throws -> ForwardPass {
    try taps.check(against: activationNames)
    try self.window.check(window)
    return ForwardPass(workspace: workspace, taps: taps, showsDepth: segmentsVolume)
  }
}
