import Architectures
import Segmenter
import Tensors
import Testing

/// Forward passes against MONAI, transformers and timm.
@Suite struct PeerTests {
  private func distances(
    _ fixture: PeerCase, _ source: any TensorSource
  ) throws -> [String: Float] {
    let model = try segmenter(source, fixture.hints())
    let expected = try fixture.results()
    var taps = ActivationTaps(Set(expected.keys).subtracting(["logits"]))
    var distances: [String: Float] = [:]
    if let logits = expected["logits"] {
      let found = try model.logits(for: fixture.window(), taps: &taps)
      #expect(found.shape == logits.shape)
      distances["logits"] = relativeDistance(found, logits)
    } else {
      try model.activations(for: fixture.window(), taps: &taps)
    }
    for name in taps.requested {
      let found = try #require(taps[name])
      #expect(found.shape == expected[name]!.shape, "\(name)")
      distances[name] = relativeDistance(found, expected[name]!)
    }
    return distances
  }

  @Test(arguments: PeerCase.encoders)
  func encoderAgrees(fixture: PeerCase) throws {
    for (name, distance) in try distances(fixture, fixture.source()) {
      #expect(distance <= forwardPassBound, "\(name)")
    }
  }

  @Test(arguments: PeerCase.volumes)
  func segmenterAgrees(fixture: PeerCase) throws {
    for (name, distance) in try distances(fixture, fixture.source()) {
      #expect(distance <= forwardPassBound, "\(name)")
    }
  }

  /// What must make the comparison fail.
  @Test(arguments: [
    ("unetr-perceptron", "encoder2.transp_conv_init.conv.weight"),
    ("unetr-perceptron", "decoder3.conv_block.norm2.running_var"),
    (
      "swin-huggingface",
      "layers.1.blocks.1.attention.relative_position_bias.relative_position_bias_table"
    ),
    ("swinv2-timm", "layers.1.blocks.1.attn.logit_scale"),
    ("clip-huggingface", "layers.0.layer_norm1.bias"),
    ("monai-vit", "patch_embedding.position_embeddings"),
  ])
  func aTensorOffByATwentiethShows(name: String, ending: String) throws {
    let fixture = PeerCase(name: name)
    let source = try fixture.source()
    var edited = EditedSource([source])
    let tensor = try #require(source.tensors.first { $0.key.name.hasSuffix(ending) })
    try edited.edit(tensor.key.name) { values, _ in values[0] += 1 }
    #expect(try distances(fixture, edited).values.contains { !($0 <= forwardPassBound) })
  }
}
