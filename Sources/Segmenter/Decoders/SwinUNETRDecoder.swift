import Architectures
import Kernels
import Tensors

/// The decoder of Swin UNETR (Hatamizadeh et al., arXiv:2201.01266): the encoder's hidden states
/// convolved, joined from the coarsest to the window itself.
struct SwinUNETRDecoder: Decoder {
  let classes: Int
  private let channels: Int
  /// For the window, then for the hidden states 0, 1, 2 and 4; state 3 is taken as it is.
  private let units: [ConvolutionUnit]
  private let bottleneck: ConvolutionUnit
  private let steps: [UpBlock]
  private let classifier: LinearLayer

  init(_ loader: WeightLoader) throws {
    let model = loader.model
    let size = try model.parameter("embedding")
    classes = try model.parameter("classes")
    let channels = try model.parameter("channels")
    self.channels = channels
    units = try (0..<4).map { level in
      let inputs = level == 0 ? channels : size << (level - 1)
      return try ConvolutionUnit(
        loader, "decoder.encoder\(level + 1).layer", inputs: inputs,
        outputs: level == 0 ? size : inputs, scale: level, isResidual: true)
    }
    bottleneck = try ConvolutionUnit(
      loader, "decoder.encoder10.layer", inputs: 16 * size, outputs: 16 * size, scale: 5,
      isResidual: true)
    steps = try (0..<5).map { step in
      let inputs = step == 4 ? size : size << (4 - step)
      return try UpBlock(
        loader, "decoder.decoder\(5 - step)", inputs: inputs,
        outputs: step == 4 ? size : inputs / 2, scale: 4 - step, isResidual: true)
    }
    classifier = try LinearLayer(loader, classifier: "decoder.out.conv.conv", inputs: size, classes)
  }

  var segmentsVolume: Bool { true }

  func scoresExtents(for window: [Int]) -> [Int] { [window[2], window[3], window[1]] }

  func scores(
    from features: inout [FeatureMap], window: FloatTensor, _ pass: inout ForwardPass
  ) throws -> FeatureMap {
    let coarsest = features.removeLast()
    var map = coarsest.sibling(channels: coarsest.channelCount, from: pass.workspace)
    bottleneck.apply(to: coarsest, workspace: pass.workspace, into: map)
    try pass.look(at: map, as: "decoder.encoder10")
    for (number, step) in steps.enumerated() {
      map = try step.apply(to: map, workspace: pass.workspace) { target in
        guard number > 0 else {
          features.removeLast().pixels.copy(to: target.pixels)
          return
        }
        let level = 4 - number
        let finer =
          features.popLast()
          ?? FeatureMap(window: window, channels: channels, from: pass.workspace)
        units[level].apply(to: finer, workspace: pass.workspace, into: target)
        try pass.look(at: target, as: "decoder.encoder\(level + 1)")
      }
      try pass.look(at: map, as: "decoder.decoder\(5 - number)")
    }
    let scores = map.with(pixels: classifier(map.pixels, from: pass.workspace))
    try pass.look(at: scores, as: "decoder.out")
    return scores
  }

  var activationNames: [String] {
    ["decoder.encoder10", "decoder.decoder5"]
      + (1..<5).flatMap { ["decoder.encoder\(5 - $0)", "decoder.decoder\(5 - $0)"] }
      + ["decoder.out"]
  }
}
