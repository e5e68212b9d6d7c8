import Architectures
import Diagnostics
import Kernels
import Tensors

/// A transformer segmenter with its weights in memory, ready to be used any number of times, from
/// several threads if need be.
///
/// One implementation serves the image model and the volume model inflated from it: an image model
/// is a volume model whose window has one slice. It takes its weights by their roles from any
/// checkpoint and knows nothing of how they came about, which is what makes its word on a
/// conversion worth something.
package struct SegmentationModel: Sendable {
  package let geometry: SegmenterGeometry
  private let encoder: TransformerEncoder
  private let head: UPerNetHead?
  private let decoderLayers: [Int]
  private let workspace = Workspace()

  package let memoryEstimate: MemoryEstimate

  /// Loads and checks the weights. A checkpoint without decoder makes a model that only encodes.
  ///
  /// - Parameter memoryLimit: bytes that weights and intermediate results may take together; the
  ///   machine's memory when nil
  /// - Throws: `missing-tensor`, `wrong-dtype`, `weight-shape`, `unsupported-model`, `over-limit`,
  ///   `missing-library`, or what reading the checkpoint brings up, naming the tensor.
  package init(
    model: RecognisedModel, source: any TensorSource, memoryLimit: Int? = nil
  ) throws {
    try MatrixLibrary.checkPresent()
    guard SegmentationModel.canRun(model.family) else {
      throw Fault(
        .unsupportedModel, "a \(model.family.title) model cannot be run yet",
        at: .init(file: source.path))
    }
    let geometry = try located(in: .init(file: source.path)) { try SegmenterGeometry(model) }
    self.geometry = geometry
    memoryEstimate = MemoryEstimate(model, geometry, source: source)
    try memoryEstimate.check(against: memoryLimit)
    let loader = WeightLoader(model: model, source: source)
    encoder = try located(in: .init(file: source.path)) {
      try TransformerEncoder(loader, geometry)
    }
    head =
      model.hasDecoder
      ? try located(in: .init(file: source.path)) { try UPerNetHead(loader, geometry) } : nil
    decoderLayers = model.decoderLayers
  }

  /// Whether there is a forward pass for models of the family.
  package static func canRun(_ family: Family) -> Bool {
    ["beit", "transseg-beit"].contains(family.id)
  }

  /// How many threads all models use together; the machine's processors unless set. Results do not
  /// depend on it.
  package static var threadCount: Int {
    get { Parallelism.threadCount }
    set { Parallelism.threadCount = newValue }
  }

  /// The size of the input: `[channels, depth, height, width]`. One channel will do for any model:
  /// it then stands in all of them.
  package var windowExtents: [Int] {
    [geometry.channels, geometry.patchDepth, geometry.imageHeight, geometry.imageWidth]
  }

  /// The size of the output: `[classes, height, width]`, or nil without a decoder. The decoder
  /// gives 16 scores along each axis of a token, so height and width are the image's for a patch
  /// size of 16.
  package var logitsExtents: [Int]? {
    head.map { [$0.classes, 16 * geometry.gridHeight, 16 * geometry.gridWidth] }
  }

  /// What ``ActivationTaps`` may ask for, in the order of computation.
  package var activationNames: [String] {
    encoder.activationNames + (head?.activationNames ?? [])
  }

  /// - Parameter window: `[channels, depth, height, width]`
  /// - Returns: the scores of the middle slice, `[classes, height, width]`
  /// - Throws: `window-shape`, `non-finite-activation`, or `unsupported-model` without a decoder.
  package func logits(for window: FloatTensor) throws -> FloatTensor {
    var taps = ActivationTaps()
    return try logits(for: window, taps: &taps)
  }

  /// The same, keeping the activations that `taps` asks for.
  package func logits(
    for window: FloatTensor, taps: inout ActivationTaps
  ) throws -> FloatTensor {
    guard let head else {
      throw Fault(.unsupportedModel, "the checkpoint has no decoder, and so no scores")
    }
    let features = try encode(window, taps: &taps)
    let scores = try head.run(features, workspace: workspace, taps: &taps)
    let output = FeatureMap(
      height: 4 * scores.height, width: 4 * scores.width, channels: scores.channelCount,
      from: workspace)
    bilinearResize(scores, workspace: workspace, into: output)
    return try FloatTensor(
      shape: Shape([output.channelCount, output.height, output.width]),
      values: output.planarValues)
  }

  /// Runs the encoder alone, for the activations that `taps` asks for.
  package func activations(
    for window: FloatTensor, taps: inout ActivationTaps
  ) throws {
    _ = try encode(window, taps: &taps)
  }

  /// The tokens `[tokens, hidden]` that go to the decoder.
  private func encode(
    _ window: FloatTensor, taps: inout ActivationTaps
  ) throws -> [Matrix] {
    try taps.check(against: activationNames)
    try check(window)
    var features: [Int: Matrix] = [:]
    try encoder.run(window, workspace: workspace, taps: &taps) { block, tokens in
      guard decoderLayers.contains(block) else { return }
      let copy = Matrix(rows: tokens.rowCount, columns: tokens.columnCount, from: workspace)
      tokens.copy(to: copy)
      features[block] = copy
    }
    return decoderLayers.compactMap { features[$0] }
  }

  private func check(_ window: FloatTensor) throws {
    let given = window.shape.extents
    let expected = windowExtents
    guard given == expected || given == [1] + expected.dropFirst() else {
      throw Fault(
        .windowShape,
        "a window of \(window.shape) (channels, depth, height, width), where the model takes "
          + "\(expected)")
    }
    if let index = window.values.firstIndex(where: { !$0.isFinite }) {
      throw Fault(
        .nonFiniteActivation, "the input is \(window.values[index]) at element \(index)",
        remedy: "look at the volume's intensities")
    }
  }
}
