import Architectures
import Diagnostics
import Tensors

/// What the extents of a model's input must be.
package struct WindowRequirement: Sendable, Equatable {
  /// `[channels, depth, height, width]`: the only extents, or the usual ones.
  package let usualExtents: [Int]
  /// Whether windows of other extents are taken too.
  package let isFlexible: Bool
  /// What depth, height and width must be multiples of.
  package let multiples: [Int]

  /// - Throws: `missing-hyper-parameter`, or `unsupported-model` for a geometry without a meaning.
  init(_ model: RecognisedModel) throws {
    guard ModelParts.isStaged(model) else {
      let geometry = try SegmenterGeometry(model)
      usualExtents = [
        geometry.channels, geometry.imageDepth, geometry.imageHeight, geometry.imageWidth,
      ]
      (isFlexible, multiples) = (false, [1, 1, 1])
      return
    }
    try SegmenterGeometry.checkPositive(model)
    let isVolume = model.family.id.hasPrefix("monai-") && model.family.dimensions == 3
    let names = ["Depth", "Height", "Width"]
    let patch = try names.map { name in
      name == "Depth" ? model.parameters["patchDepth"] ?? 1 : try model.parameter("patch\(name)")
    }
    let usual = isVolume ? [96, 96, 96] : [patch[0], 224, 224]
    // An image's size is recorded in voxels or follows from a recorded grid.
    let extents = zip(names, zip(patch, usual)).map { name, sizes in
      model.parameters["image\(name)"]
        ?? model.parameters["grid\(name)"].map { $0 * sizes.0 } ?? sizes.1
    }
    usualExtents = [try model.parameter("channels")] + extents
    // MONAI merges after every stage, the last included.
    let halvings = min(8, try model.parameter("stages"))
    multiples = isVolume ? patch.map { $0 << halvings } : [1, 1, 1]
    isFlexible = true
  }

  /// - Throws: `window-shape`, or `non-finite-activation` for an input that is not finite.
  func check(_ window: FloatTensor) throws {
    let given = window.shape.extents
    guard given.count == 4, given[0] == usualExtents[0] || given[0] == 1, !given.contains(0),
      isFlexible || given.dropFirst() == usualExtents.dropFirst()
    else {
      throw Fault(
        .windowShape,
        "a window of \(window.shape) (channels, depth, height, width), where the model takes "
          + "\(usualExtents)")
    }
    for (extent, multiple) in zip(given.dropFirst(), multiples)
    where !extent.isMultiple(of: multiple) {
      throw Fault(
        .windowShape,
        "a window of \(window.shape) (channels, depth, height, width), where the model takes "
          + "multiples of \(multiple)")
    }
    if let index = window.values.firstIndex(where: { !$0.isFinite }) {
      throw Fault(
        .nonFiniteActivation, "the input is \(window.values[index]) at element \(index)",
        remedy: "look at the volume's intensities")
    }
  }
}
