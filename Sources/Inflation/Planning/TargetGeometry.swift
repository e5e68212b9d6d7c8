import Architectures
import Diagnostics
import Tensors

/// The target's hyper-parameters: the source's, changed as the options ask, and what the target's
/// family says of the rest.
struct TargetGeometry {
  private(set) var parameters: [String: Int]
  private let target: Family
  private let targetOptions: [String: String]

  private static let axes = ["Height", "Width", "Depth"]

  /// - Throws: `unsupported-geometry` when the sizes do not fit together or not the family.
  init(
    model: RecognisedModel, target: Family, targetOptions: [String: String], decoder: Family?,
    options: ConversionOptions, decoderSizes: [String: Int]
  ) throws {
    self.target = target
    self.targetOptions = targetOptions
    parameters = TargetGeometry.inherited(from: model)
    parameters["channels"] = options.inputChannels
    parameters["embedding"] = options.featureSize ?? parameters["embedding"]
    try checkFeatureSize(options, model)
    for (prefix, extents) in [
      ("image", options.imageSize), ("patch", options.patchSize), ("window", options.window),
    ] {
      for (axis, extent) in zip(TargetGeometry.axes, extents ?? []) {
        parameters[prefix + axis] = extent
      }
    }
    if let depthAxis = target.geometry.depthAxis, options.depthAxis != depthAxis {
      throw Fault(
        .unsupportedGeometry,
        "\(target.title) has its slices along axis \(depthAxis), not \(options.depthAxis)",
        remedy: "leave out --depth-axis")
    }
    if options.includesDecoder { addDecoder(model, options, decoderSizes) }
    for (symbol, value) in target.geometry.defaults + (decoder?.geometry.defaults ?? [])
    where parameters[symbol] == nil {
      parameters[symbol] = value.value(given: parameters)
    }
    try layOutGrid()
    try checkFamily(model)
    for (symbol, _) in parameters where symbol.hasPrefix("source") || symbol.hasPrefix("image") {
      parameters[symbol] = nil
    }
  }

  /// What passes on under its own name, and what only says where the source stood: the extents of
  /// its grid, patches and windows.
  private static func inherited(from model: RecognisedModel) -> [String: Int] {
    var inherited: [String: Int] = [:]
    for (symbol, value) in model.parameters {
      let isSpatial =
        axes.contains { symbol == "grid\($0)" || symbol == "patch\($0)" || symbol == "window\($0)" }
      if isSpatial {
        inherited["source\(symbol.prefix(1).uppercased())\(symbol.dropFirst())"] = value
      } else if !["channels", "classes", "registers"].contains(symbol) {
        inherited[symbol] = value
      }
    }
    return inherited
  }

  private func checkFeatureSize(_ options: ConversionOptions, _ model: RecognisedModel) throws {
    guard let asked = options.featureSize, let own = model.parameters["embedding"], own != asked
    else { return }
    throw Fault(
      .unsupportedGeometry,
      "feature size \(asked) is not the \(own) channels of the source's first stage",
      remedy: "say --feature-size \(own), or take a source of \(asked) channels")
  }

  private mutating func addDecoder(
    _ model: RecognisedModel, _ options: ConversionOptions, _ fromFile: [String: Int]
  ) {
    for (symbol, value) in fromFile where parameters[symbol] == nil { parameters[symbol] = value }
    parameters["classes"] =
      options.outputChannels ?? model.parameters["classes"] ?? fromFile["classes"]
    if parameters["featureSize"] == nil { parameters["featureSize"] = options.featureSize }
  }

  /// The grid follows from the image and the patches, for families that know one.
  private mutating func layOutGrid() throws {
    for axis in TargetGeometry.axes
    where target.uses("grid\(axis)")
      || target.geometry.fixed.contains(where: { $0.symbol == "grid\(axis)" })
    {
      guard let extent = parameters["image\(axis)"] else {
        throw Fault(
          .usage, "\(target.title) is made for one image size, and nothing tells it",
          remedy: "say --image-size H,W,D")
      }
      guard let patch = parameters["patch\(axis)"], patch > 0 else {
        throw Fault(.missingHyperParameter, "patch\(axis) of the target is not known")
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
  }

  private func checkFamily(_ model: RecognisedModel) throws {
    for fixed in target.geometry.fixed where fixed.conditions.hold(under: targetOptions) {
      guard fixed.symbol != "depth", let value = parameters[fixed.symbol], value != fixed.value
      else { continue }
      throw Fault(
        .unsupportedGeometry,
        "\(target.title) has \(fixed.symbol) \(fixed.value), not \(value)")
    }
    for (symbol, factor) in target.geometry.multiples.sorted(by: { $0.key < $1.key }) {
      guard let value = parameters[symbol], !value.isMultiple(of: factor) else { continue }
      throw Fault(
        .unsupportedGeometry,
        "\(target.title) needs a multiple of \(factor) as \(symbol); the source has \(value)",
        remedy: symbol == "embedding"
          ? "take a source of 96 or 192 channels, such as Swin-T, Swin-S or Swin-L" : nil)
    }
    let hasGlobalAttention = target.tensors.contains { $0.role.description.hasPrefix("blocks[") }
    guard let heads = parameters["heads"] else {
      guard hasGlobalAttention else { return }
      throw Fault(
        .missingHyperParameter, "the source's tensors do not tell its number of attention heads",
        remedy: "say --heads N")
    }
    if let hidden = parameters["hidden"], !hidden.isMultiple(of: heads) {
      throw Fault(
        .unsupportedGeometry, "\(hidden) channels do not divide among \(heads) heads",
        remedy: "say --heads N with a divisor of \(hidden)")
    }
  }
}

extension Family {
  /// Whether a tensor's shape depends on the symbol.
  func uses(_ symbol: String) -> Bool {
    tensors.contains { $0.shape.contains { $0.names.contains(symbol) } }
  }
}
