import Architectures
import Diagnostics
import Tensors

/// Brings a role's tensor from the source's geometry to the target's, both canonical.
struct RoleAdaptation {
  let model: RecognisedModel
  let target: Family
  let parameters: [String: Int]
  let options: ConversionOptions

  /// - Parameters:
  ///   - expression: the source's tensor in the role's canonical form
  ///   - rule: the target's rule
  ///   - shape: the target's canonical shape
  /// - Returns: nil when the target's tensor cannot be made of it and starts anew.
  /// - Throws: `unsupported-geometry` when the shapes do not fit.
  func adapt(
    _ expression: TensorExpression, _ role: Role, _ rule: TensorRule, to shape: Shape
  ) throws -> TensorExpression? {
    switch role.kind {
    case "patchEmbedding.weight": return try patchEmbedding(expression, to: shape)
    case "positionEmbedding": return try positionEmbedding(expression, rule, to: shape)
    case _ where role.path.hasSuffix("attention.relativePositionBias"):
      return try relativePositionBias(expression, role)
    case _ where role.path.contains(".merge.") && expression.shape.rank + 1 == shape.rank:
      let computation = try MergeInflation(
        from: expression.shape, to: shape, depthAxis: options.depthAxis)
      return .computed(computation, [expression])
    default:
      if expression.shape == shape { return expression }
      if role.isDecoder { return try decoder(expression, role, rule, to: shape) }
      throw misfit(expression, shape)
    }
  }

  private func patchEmbedding(
    _ expression: TensorExpression, to shape: Shape
  ) throws -> TensorExpression {
    let channels: ChannelStrategy =
      options.channels ?? (expression.shape[1] == shape[1] ? .keep : .sum)
    if expression.shape == shape, channels == .keep { return expression }
    return .computed(
      try PatchEmbeddingInflation(
        from: expression.shape, to: shape, strategy: options.patchEmbedding, channels: channels,
        depthAxis: options.depthAxis), [expression])
  }

  private func positionEmbedding(
    _ expression: TensorExpression, _ rule: TensorRule, to shape: Shape
  ) throws -> TensorExpression {
    let sourceGrid = try grid("grid", of: model.parameters, model.family.dimensions)
    var conversion = PositionEmbeddingConversion(
      shape: shape, sourcePrefix: model.tensors["positionEmbedding"]?.rule.prefixRows ?? [],
      targetPrefix: rule.prefixRows, sourceGrid: sourceGrid,
      targetGrid: try grid("grid", of: parameters, 3), depthAxis: options.depthAxis,
      method: options.positionResize, depth: options.positionDepth, isTransSegCompatible: false)
    if options.isTransSegCompatible, conversion.changesGrid {
      conversion.depth = .tile
      conversion.isTransSegCompatible = true
    }
    let rows = sourceGrid.reduce(1, *) + conversion.sourcePrefix.count
    guard expression.shape.rank == 2, expression.shape[0] == rows,
      expression.shape[1] == shape[1]
    else {
      throw Fault(
        .unsupportedGeometry,
        "position embedding \(expression.shape) is none of a grid of "
          + sourceGrid.map(String.init).joined(separator: "×"))
    }
    return conversion.isIdentity ? expression : .computed(conversion, [expression])
  }

  private func relativePositionBias(
    _ expression: TensorExpression, _ role: Role
  ) throws -> TensorExpression {
    let isWindowed = role.path.hasPrefix("stages[")
    let extent = isWindowed ? "window" : "grid"
    let resize = try RelativePositionBiasResize(
      from: expression.shape,
      sourceGrid: try grid(extent, of: model.parameters, model.family.dimensions),
      targetGrid: try grid(extent, of: parameters, 3), depthAxis: options.depthAxis,
      classRowCount: isWindowed ? 0 : 3, method: options.biasResize, depth: options.biasDepth)
    return resize.isIdentity ? expression : .computed(resize, [expression])
  }

  private func decoder(
    _ expression: TensorExpression, _ role: Role, _ rule: TensorRule, to shape: Shape
  ) throws -> TensorExpression? {
    if expression.shape.rank == 4, shape.rank == 5,
      expression.shape.extents.prefix(2) == shape.extents.prefix(2)
    {
      let inflation = try KernelInflation(
        from: expression.shape, to: shape, strategy: options.patchEmbedding,
        isTransposed: rule.isTransposed, depthAxis: options.depthAxis)
      return .computed(inflation, [expression])
    }
    guard role.isClassifier || expression.shape.rank != shape.rank || role.readsTheImage else {
      throw misfit(expression, shape)
    }
    return nil
  }

  private func misfit(_ expression: TensorExpression, _ shape: Shape) -> Fault {
    Fault(
      .unsupportedGeometry,
      "should have shape \(shape), but its source "
        + "\(expression.sourceKeys.first?.name ?? "") has \(expression.shape)")
  }

  private func grid(_ name: String, of parameters: [String: Int], _ count: Int) throws -> [Int] {
    try ["Height", "Width", "Depth"].prefix(count).map { axis in
      guard let extent = parameters["\(name)\(axis)"] else {
        throw Fault(.missingHyperParameter, "\(name)\(axis) is not known")
      }
      return extent
    }
  }
}

extension Role {
  /// Whether the tensor has a row for every class, whose number may change.
  var isClassifier: Bool {
    path.hasPrefix("decoder.classifier.") || path.hasPrefix("decoder.out.")
  }

  /// Whether the tensor is a decoder's first look at the image, whose channels may change.
  var readsTheImage: Bool { path.hasPrefix("decoder.encoder1.") }
}
