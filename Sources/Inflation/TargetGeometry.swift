import Architectures
import Diagnostics
import Tensors

/// The target's hyper-parameters: the source's, changed as the options ask.
struct TargetGeometry {
  let parameters: [String: Int]

  /// - Throws: `unsupported-geometry` when the sizes do not fit together, `usage` when the number of
  ///   classes is nowhere to be found.
  init(
    model: RecognisedModel, target: Family, options: ConversionOptions,
    decoderFile: (any TensorSource)?
  ) throws {
    var parameters = model.parameters
    parameters["patchDepth"] = options.imageSize[2]
    parameters["channels"] = options.inputChannels
    for (axis, extent) in zip(["Height", "Width", "Depth"], options.imageSize) {
      guard let patch = parameters["patch\(axis)"] else {
        throw Fault(.missingHyperParameter, "patch\(axis) of the source is not known")
      }
      guard extent.isMultiple(of: patch) else {
        let below = extent / patch * patch
        throw Fault(
          .unsupportedGeometry,
          "image \(axis.lowercased()) \(extent) is no multiple of the patches' \(patch)",
          remedy: "choose \(below == 0 ? "" : "\(below) or ")\(below + patch)")
      }
      parameters["grid\(axis)"] = extent / patch
    }
    if options.includesDecoder, options.decoderInitialisation != .omit || model.hasDecoder {
      let fromFile = try TargetGeometry.decoderSizes(in: decoderFile, target: target)
      let classes = options.outputChannels ?? model.parameters["classes"] ?? fromFile?.classes
      guard let classes else {
        throw Fault(
          .usage, "the source has no decoder that tells the number of classes",
          remedy: "say --out-channels N, or --decoder none")
      }
      parameters["classes"] = classes
      // A decoder of our own making is as wide as the encoder, as in the paper.
      parameters["decoderChannels"] =
        model.parameters["decoderChannels"] ?? fromFile?.channels ?? parameters["hidden"]
      parameters["poolingScales"] = model.parameters["poolingScales"] ?? 4
    }
    self.parameters = parameters
  }

  private static func decoderSizes(
    in file: (any TensorSource)?, target: Family
  ) throws -> (classes: Int, channels: Int)? {
    guard let file, let prefix = target.components.first?.prefixes.first else { return nil }
    let classifier = try file.requiredDescription(of: SourceKey("\(prefix)conv_seg.weight"))
    guard classifier.shape.rank == 4 else {
      throw Fault(
        .unsupportedGeometry, "has shape \(classifier.shape), not [classes, channels, 1, 1]",
        at: .init(file: file.path, tensor: classifier.key.name))
    }
    return (classifier.shape[0], classifier.shape[1])
  }
}
