import Architectures
import Diagnostics

/// Which encoder and which decoder a model is made of. A new one costs its file and a line here.
enum ModelParts {
  static func encoder(_ loader: WeightLoader) throws -> any Encoder {
    if isStaged(loader.model) { return try SwinEncoder(loader) }
    return try VisionTransformerEncoder(loader, SegmenterGeometry(loader.model))
  }

  static func decoder(_ loader: WeightLoader) throws -> (any Decoder)? {
    let model = loader.model
    guard model.hasDecoder else { return nil }
    switch model.family.id {
    case "monai-unetr": return try UNETRDecoder(loader)
    case "monai-swinunetr": return try SwinUNETRDecoder(loader)
    default: break
    }
    let grid = try grid(of: model, window: loader.expectedWindow)
    switch model.component?.id {
    case "setr-pup": return try SETRHead(loader, grid: grid)
    case "conv-transpose": return try TransposedConvolutionHead(loader, grid: grid)
    default: break
    }
    guard loader.contains("decoder.fusion.convolution.weight") else {
      throw Fault(.unsupportedModel, "the decoder of this \(model.family.title) checkpoint")
    }
    return try UPerNetHead(loader, grid: grid)
  }

  /// Whether the model's blocks stand in stages of different width.
  static func isStaged(_ model: RecognisedModel) -> Bool { model.parameters["stages"] != nil }

  /// Height and width of the first map that a decoder of images is given.
  private static func grid(of model: RecognisedModel, window: [Int]) throws -> [Int] {
    guard !isStaged(model) else {
      let patch = try ["patchHeight", "patchWidth"].map(model.parameter)
      let first = zip(window.dropFirst(2), patch).map { ($0 + $1 - 1) / $1 }
      // Heads that read the last map alone.
      let isCoarse = model.component?.id == "setr-pup" || model.component?.id == "conv-transpose"
      return isCoarse ? first.map { ($0 + 7) / 8 } : first
    }
    return try ["gridHeight", "gridWidth"].map(model.parameter)
  }

  /// Whether the blocks whose outputs a decoder reads are there.
  ///
  /// - Parameter count: how many it reads; nil for any number but none.
  /// - Throws: `unsupported-model` when they are not.
  static func checkLayers(of model: RecognisedModel, count: Int?) throws {
    let layers = model.decoderLayers
    guard count.map({ $0 == layers.count }) ?? (isStaged(model) || !layers.isEmpty) else {
      throw Fault(
        .unsupportedModel,
        "the decoder takes the outputs of \(count ?? 1) blocks, not of \(layers.count)",
        remedy: "name them with --layers, counted from 0")
    }
    let depth = try model.parameter(isStaged(model) ? "stages" : "depth")
    for layer in layers where !(0..<depth).contains(layer) {
      throw Fault(
        .unsupportedModel, "block \(layer) for the decoder, in a model of \(depth)",
        remedy: "name other blocks with --layers, counted from 0")
    }
  }
}
