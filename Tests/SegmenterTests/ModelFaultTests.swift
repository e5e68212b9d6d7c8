import Architectures
import Diagnostics
import Tensors
import Testing

@testable import Segmenter

/// What the segmenter says about checkpoints and inputs that it cannot use.
@Suite struct ModelFaultTests {
  let golden = Golden(folder: "beit", strategy: "inflation")

  @Test func windowOfAnotherSize() throws {
    let model = try segmenter(golden.source())
    for extents in [[1, 5, 96, 80], [1, 4, 96, 96], [2, 5, 96, 96], [5, 96, 96]] {
      let window = FloatTensor(shape: try Shape(extents))
      let fault = try #require(fault { _ = try model.logits(for: window) })
      #expect(fault.code == .windowShape)
      #expect(fault.reason.contains("\(extents)") && fault.reason.contains("[1, 5, 96, 96]"))
    }
  }

  @Test func weightOfAnotherShapeThanTheModels() throws {
    let original = try golden.source()
    let model = try FamilyCatalogue.builtIn().recognise(original)
    var source = original
    try source.replace(
      "encoder.blocks.1.mlp.fc1.bias", with: FloatTensor(shape: Shape([127])))
    let fault = try #require(fault { _ = try SegmentationModel(model: model, source: source) })
    #expect(fault.code == .weightShape)
    #expect(fault.place.tensor == "encoder.blocks.1.mlp.fc1.bias")
    #expect(fault.reason.contains("[127]") && fault.reason.contains("[128]"))
  }

  @Test func missingWeight() throws {
    let original = try golden.source()
    let model = try FamilyCatalogue.builtIn().recognise(original)
    var source = original
    source.remove("decoder.fpn2.0.bias")
    let fault = try #require(fault { _ = try SegmentationModel(model: model, source: source) })
    #expect(fault.code == .missingTensor)
    #expect(fault.place.tensor == "decoder.fpn2.0.bias")
  }

  @Test(arguments: [
    ("encoder.blocks.2.mlp.fc1.weight", "blocks[2]"),
    ("encoder.patch_embed.proj.bias", "patchEmbedding"),
    ("encoder.blocks.0.attn.relative_position_bias_table", "blocks[0]"),
    ("decoder.lateral_convs.1.conv.weight", "decoder.lateral[1]"),
    ("decoder.fpn1.0.bias", "decoder.pyramid[0]"),
    ("decoder.fpn_convs.0.conv.weight", "decoder.topDown[0]"),
    ("decoder.bottleneck.conv.weight", "decoder.poolingBottleneck"),
    ("decoder.conv_seg.bias", "decoder.classifier"),
  ])
  func namesTheLayerWhereANaNAppears(tensor: String, layer: String) throws {
    var source = try golden.source()
    try source.edit(tensor) { values, _ in values[3] = .nan }
    let model = try segmenter(source)
    let window = try golden.window()
    let fault = try #require(fault { _ = try model.logits(for: window) })
    #expect(fault.code == .nonFiniteActivation)
    #expect(fault.reason.contains(" \(layer) "))
  }

  @Test func infiniteInput() throws {
    let model = try segmenter(golden.source())
    var window = try golden.window()
    window[5] = .infinity
    #expect(faultCode { _ = try model.logits(for: window) } == .nonFiniteActivation)
  }

  @Test func unknownTap() throws {
    let model = try segmenter(golden.source())
    let window = try golden.window()
    var taps = ActivationTaps(["blocks[4]"])
    let fault = try #require(fault { _ = try model.logits(for: window, taps: &taps) })
    #expect(fault.code == .usage)
    #expect(fault.remedy?.contains("blocks[3]") == true)
  }

  @Test func everyNamedActivationCanBeTapped() throws {
    let model = try segmenter(golden.source())
    var taps = ActivationTaps(Set(model.activationNames))
    _ = try model.logits(for: golden.window(), taps: &taps)
    #expect(Set(taps.tensors.keys) == Set(model.activationNames))
    #expect(taps["decoder.pyramid[3]"]?.shape.extents == [32, 3, 3])
    #expect(taps["decoder.topDown[0]"]?.shape.extents == [32, 24, 24])
    #expect(taps["decoder.classifier"]?.shape.extents == [5, 24, 24])
  }

  @Test func encoderAlone() throws {
    var source = try golden.source()
    source.removeAll { $0.hasPrefix("decoder.") }
    let model = try segmenter(source)
    #expect(model.logitsExtents == nil)
    let window = try golden.window()
    #expect(faultCode { _ = try model.logits(for: window) } == .unsupportedModel)
    var taps = ActivationTaps(["blocks[3]"])
    try model.activations(for: window, taps: &taps)
    let tokens = try #require(taps["blocks[3]"])
    #expect(try relativeDistance(tokens, golden.feature(3)) <= forwardPassBound)
  }

  @Test func blocksThatTheDecoderCannotTake() throws {
    let source = try golden.source()
    for layers in [[0, 1, 2], [0, 1, 2, 4]] {
      let code = faultCode { _ = try segmenter(source, RecognitionHints(decoderLayers: layers)) }
      #expect(code == .unsupportedModel)
    }
  }

  @Test(arguments: [[], [0, 1, 2], [0, 1, 2, 3, 4], [0, 1, 2, 99]])
  func blocksThatTheDecoderOfVolumesCannotTake(layers: [Int]) throws {
    let peer = PeerCase(name: "unetr-perceptron")
    let source = try peer.source()
    var hints = try peer.hints()
    hints.decoderLayers = layers
    #expect(faultCode { _ = try segmenter(source, hints) } == .unsupportedModel)
  }

  @Test(arguments: [(DType.f16, Float(5e-3)), (.bf16, 5e-2), (.f64, 5e-6)])
  func weightsOfOtherTypes(dtype: DType, bound: Float) throws {
    let original = try golden.source()
    var source = original
    for tensor in original.tensors where tensor.dtype == .f32 {
      try source.replace(tensor.key.name, with: original.floats(of: tensor.key), as: dtype)
    }
    let logits = try segmenter(source).logits(for: golden.window())
    let distance = try relativeDistance(logits, golden.logits())
    #expect(distance <= bound)
    #expect(dtype == .f64 || distance > 1e-5)
  }
}

extension ModelFaultTests {
  @Test func moreMemoryThanAllowed() throws {
    let source = try golden.source()
    let model = try FamilyCatalogue.builtIn().recognise(source)
    let estimate = try SegmentationModel(model: model, source: source).memoryEstimate
    let needed = estimate.total
    #expect(needed > 3e6 && needed < 30e6)
    #expect(faultCode { try estimate.check(against: Int(needed) + 1) } == nil)
    // Of the one estimate: another test may change the number of threads, which it depends on.
    let fault = try #require(fault { try estimate.check(against: Int(needed) - 1) })
    #expect(fault.code == .overLimit)
    #expect(fault.reason.contains("\(Int(needed / 1e6)) MB"))
    let code = faultCode {
      _ = try SegmentationModel(model: model, source: source, memoryLimit: Int(needed / 2))
    }
    #expect(code == .overLimit)
  }

  @Test func threadsDoNotChangeTheResult() throws {
    let configured = SegmentationModel.threadCount
    defer { SegmentationModel.threadCount = configured }
    let model = try segmenter(golden.source())
    let window = try golden.window()
    SegmentationModel.threadCount = 1
    let single = try model.logits(for: window)
    SegmentationModel.threadCount = 3
    #expect(try model.logits(for: window) == single)
  }
}
