import Architectures
import Inflation
import Segmenter
import Tensors

/// A 2D model and the 3D model made from it, both loaded once for all checks that run them.
struct ModelPair {
  let flat: SegmentationModel
  let deep: SegmentationModel
  let flatModel: RecognisedModel
  let deepModel: RecognisedModel
  /// What the 3D checkpoint stores its kernel in.
  let kernelType: DType?

  init(
    source: any TensorSource, sourceModel: RecognisedModel, checkpoint: any TensorSource,
    model: RecognisedModel, deep: SegmentationModel
  ) throws {
    flat = try SegmentationModel(model: sourceModel, source: source)
    self.deep = deep
    flatModel = sourceModel
    deepModel = model
    kernelType = model.key(of: "patchEmbedding.weight")
      .flatMap { checkpoint.description(of: $0)?.dtype }
  }

  /// Why the two cannot be run side by side on one slice, if they cannot.
  func obstacle() throws -> String? {
    let planes = [flat, deep].map { Array($0.windowExtents[2...3]) }
    guard planes[0] == planes[1] else {
      let shown = planes.map { $0.map(String.init).joined(separator: "×") }
      return "the 2D model sees images of \(shown[0]), the 3D model of \(shown[1])"
    }
    let (sources, targets) = try (
      flatModel.parameter("channels"), deepModel.parameter("channels")
    )
    let channels = ChannelStrategy.used(for: deepModel.record, from: sources, to: targets)
    guard channels.isExact(from: sources, to: targets) else {
      return "with channels \(channels.name) equal images do not give what they gave in 2D"
    }
    return nil
  }

  /// Why the 3D model need not compute what the 2D model does beyond its embedding, if it need not.
  var looseness: String? {
    layersOfTokens > 1
      ? "\(layersOfTokens) layers of tokens attend to each other, where the 2D model has one" : nil
  }

  /// How many tokens lie behind each other along the depth.
  private var layersOfTokens: Int {
    deepModel.parameters["gridDepth"]
      ?? deep.windowExtents[1] / max(1, deepModel.parameters["patchDepth"] ?? 1)
  }

  /// Weights stored in 16 bits keep promises only as far as their rounding allows.
  var bound: Double {
    switch kernelType {
    case .f16: 1e-2
    case .bf16: 8e-2
    default: 1e-4
    }
  }

  /// The share of the 2D kernel at every slice, as the conversion recorded it; nil without a record,
  /// and for models whose window is more than one patch deep.
  var depthWeights: [Double]? {
    guard layersOfTokens == 1, let name = deepModel.record?.options["patch-embed"],
      let strategy = try? DepthStrategy(parsing: name)
    else { return nil }
    return strategy.weights(depth: deep.windowExtents[1])
  }
}
