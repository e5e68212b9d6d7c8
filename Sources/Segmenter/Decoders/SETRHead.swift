import Architectures
import Kernels
import Tensors

/// SETR-PUP as the paper has it (Zheng et al., arXiv:2012.15840): the last map convolved, brought to
/// mean 0 and variance 1, cut off below zero and doubled, four times in turn, and classified before
/// the last doubling.
struct SETRHead: Decoder {
  let classes: Int
  private let grid: [Int]
  private let convolutions: [Convolution]
  private let classifier: LinearLayer

  init(_ loader: WeightLoader, grid: [Int]) throws {
    try ModelParts.checkLayers(of: loader.model, count: nil)
    let hidden = try loader.model.parameter("hidden")
    classes = try loader.model.parameter("classes")
    self.grid = grid
    convolutions = try (0..<4).map { level in
      let role: Role = "decoder.convolution[\(level)]"
      return Convolution(
        weights: try loader.values("\(role).weight", shape: [hidden, hidden, 3, 3]),
        inputs: hidden, outputs: hidden, bias: try loader.values("\(role).bias", shape: [hidden]),
        method: .suited(
          height: grid[0] << level, width: grid[1] << level, inputs: hidden, outputs: hidden))
    }
    classifier = LinearLayer(
      weights: try loader.matrix("decoder.classifier.weight", shape: [classes, hidden, 1, 1]),
      bias: try loader.values("decoder.classifier.bias", shape: [classes]))
  }

  func scoresExtents(for window: [Int]) -> [Int] { [16 * grid[0], 16 * grid[1], 1] }

  func scores(
    from features: inout [FeatureMap], window: FloatTensor, _ pass: inout ForwardPass
  ) throws -> FeatureMap {
    var map = features.removeLast()
    features = []
    for (level, convolution) in convolutions.enumerated() {
      if level > 0 { map = map.enlarged(by: 2, pass.workspace) }
      map = convolution(map, from: pass.workspace)
      normaliseAndRectify(map)
      try pass.look(at: map, as: "decoder.convolution[\(level)]")
    }
    let scores = map.with(pixels: classifier(map.pixels, from: pass.workspace))
    try pass.look(at: scores, as: "decoder.classifier")
    return scores.enlarged(by: 2, pass.workspace)
  }

  var activationNames: [String] {
    convolutions.indices.map { "decoder.convolution[\($0)]" } + ["decoder.classifier"]
  }
}

/// Instance normalisation without parameters, then ReLU, in place.
func normaliseAndRectify(_ map: FeatureMap) {
  let transform = ChannelMoments(of: map).normalisation(epsilon: VolumeNormalisation.epsilon)
  apply(transform.with(slope: 0), to: map, into: map)
}

/// The paper's simplest head: four transposed convolutions in turn, instance normalisation and ReLU
/// before each, the last one giving the scores.
struct TransposedConvolutionHead: Decoder {
  let classes: Int
  private let grid: [Int]
  private let steps: [TransposedConvolution]
  private let classifier: TransposedConvolution

  init(_ loader: WeightLoader, grid: [Int]) throws {
    try ModelParts.checkLayers(of: loader.model, count: nil)
    let hidden = try loader.model.parameter("hidden")
    let classes = try loader.model.parameter("classes")
    self.classes = classes
    self.grid = grid
    steps = try (0..<3).map {
      try TransposedConvolution(loader, "decoder.upsample[\($0)]", hidden)
    }
    classifier = TransposedConvolution(
      weights: try loader.values("decoder.classifier.weight", shape: [hidden, classes, 2, 2]),
      inputs: hidden, outputs: classes,
      bias: try loader.values("decoder.classifier.bias", shape: [classes]))
  }

  func scoresExtents(for window: [Int]) -> [Int] { [16 * grid[0], 16 * grid[1], 1] }

  func scores(
    from features: inout [FeatureMap], window: FloatTensor, _ pass: inout ForwardPass
  ) throws -> FeatureMap {
    var map = features.removeLast()
    features = []
    normaliseAndRectify(map)
    for (level, step) in steps.enumerated() {
      map = step.doubled(map, pass.workspace)
      normaliseAndRectify(map)
      try pass.look(at: map, as: "decoder.upsample[\(level)]")
    }
    let scores = classifier.doubled(map, pass.workspace)
    try pass.look(at: scores, as: "decoder.classifier")
    return scores
  }

  var activationNames: [String] {
    steps.indices.map { "decoder.upsample[\($0)]" } + ["decoder.classifier"]
  }
}
