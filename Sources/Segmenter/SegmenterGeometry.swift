import Architectures
import Diagnostics

/// The extents that the weights and activations of a transformer of one width are made of.
struct SegmenterGeometry: Sendable, Equatable {
  let hidden: Int
  let channels: Int
  let depth: Int
  let heads: Int
  let mlp: Int
  let patchHeight: Int
  let patchWidth: Int
  /// How many slices one patch spans; 1 for an image model.
  let patchDepth: Int
  let gridHeight: Int
  let gridWidth: Int
  /// Layers of tokens; 1 for an image model and for the paper's volume models.
  let gridDepth: Int

  /// - Throws: `missing-hyper-parameter`, or `unsupported-model` for a geometry without a meaning.
  init(_ model: RecognisedModel) throws {
    hidden = try model.parameter("hidden")
    channels = try model.parameter("channels")
    depth = try model.parameter("depth")
    heads = try model.parameter("heads")
    mlp = try model.parameter("mlp")
    patchHeight = try model.parameter("patchHeight")
    patchWidth = try model.parameter("patchWidth")
    patchDepth = model.parameters["patchDepth"] ?? 1
    gridHeight = try model.parameter("gridHeight")
    gridWidth = try model.parameter("gridWidth")
    gridDepth = model.parameters["gridDepth"] ?? 1
    try SegmenterGeometry.checkPositive(model)
    guard hidden.isMultiple(of: heads) else {
      throw Fault(
        .unsupportedModel, "\(hidden) hidden channels cannot be shared among \(heads) heads")
    }
    // The paper's decoders read the tokens as one image: a second layer of tokens along the depth
    // has no place in it.
    guard gridDepth == 1 || model.family.id.hasPrefix("monai-") else {
      throw Fault(
        .unsupportedModel, "a token grid of depth \(gridDepth), where the decoder reads one layer",
        remedy: "choose a patch as deep as the window")
    }
  }

  static func checkPositive(_ model: RecognisedModel) throws {
    for (name, value) in model.parameters.sorted(by: { $0.key < $1.key }) where value < 1 {
      throw Fault(.unsupportedModel, "\(name) is \(value)")
    }
  }

  var imageHeight: Int { gridHeight * patchHeight }
  var imageWidth: Int { gridWidth * patchWidth }
  var imageDepth: Int { gridDepth * patchDepth }
  /// Tokens of the grid, those before it not counted.
  var tokenCount: Int { gridHeight * gridWidth * gridDepth }
  /// Rows of a table of relative positions, the class token's three included.
  var relativePositionCount: Int { (2 * gridHeight - 1) * (2 * gridWidth - 1) + 3 }
}
