import Architectures
import Diagnostics

/// The extents that a transformer segmenter's weights and activations are made of.
package struct SegmenterGeometry: Sendable, Equatable {
  package let hidden: Int
  package let channels: Int
  package let depth: Int
  package let heads: Int
  package let mlp: Int
  package let patchHeight: Int
  package let patchWidth: Int
  /// How many slices one patch spans; 1 for an image model.
  package let patchDepth: Int
  package let gridHeight: Int
  package let gridWidth: Int

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
    for (name, value) in model.parameters.sorted(by: { $0.key < $1.key }) where value < 1 {
      throw Fault(.unsupportedModel, "\(name) is \(value)")
    }
    guard hidden.isMultiple(of: heads) else {
      throw Fault(
        .unsupportedModel, "\(hidden) hidden channels cannot be shared among \(heads) heads")
    }
    // The paper's decoders read the tokens as one image: a second layer of tokens along the depth
    // has no place in it.
    let gridDepth = model.parameters["gridDepth"] ?? 1
    guard gridDepth == 1 else {
      throw Fault(
        .unsupportedModel, "a token grid of depth \(gridDepth), where the decoder reads one layer",
        remedy: "choose a patch as deep as the window")
    }
  }

  package var imageHeight: Int { gridHeight * patchHeight }
  package var imageWidth: Int { gridWidth * patchWidth }
  /// Tokens of the grid, the class token not counted.
  package var tokenCount: Int { gridHeight * gridWidth }
  /// Rows of a table of relative positions, the class token's three included.
  var relativePositionCount: Int { (2 * gridHeight - 1) * (2 * gridWidth - 1) + 3 }
}
