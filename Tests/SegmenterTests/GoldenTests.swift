import Architectures
import Segmenter
import Tensors
import Testing

/// The forward pass against the paper's own code.
@Suite struct GoldenTests {
  @Test(arguments: Golden.all)
  func agreesWithThePapersCode(golden: Golden) throws {
    let model = try segmenter(golden.source())
    #expect(model.windowExtents == [1, 5, 96, 96])
    #expect(model.logitsExtents == [5, 96, 96])
    var taps = ActivationTaps(["blocks[0]", "blocks[1]", "blocks[2]", "blocks[3]"])
    let logits = try model.logits(for: golden.window(), taps: &taps)
    #expect(logits.shape.extents == [5, 96, 96])
    #expect(try relativeDistance(logits, golden.logits()) <= forwardPassBound)
    for block in 0..<4 {
      let tokens = try #require(taps["blocks[\(block)]"])
      #expect(tokens.shape.extents == [36, 32])
      #expect(try relativeDistance(tokens, golden.feature(block)) <= forwardPassBound)
    }
  }

  @Test func agreesOnOddGeometry() throws {
    let model = try segmenter(OddFixture.source(), OddFixture.hints)
    #expect(model.windowExtents == [3, 1, 30, 27])
    let names = ["patchEmbedding", "decoder.fusion"] + (0..<5).map { "blocks[\($0)]" }
    var taps = ActivationTaps(Set(names))
    let logits = try model.logits(for: OddFixture.window(), taps: &taps)
    #expect(logits.shape.extents == [4, 80, 48])
    let references = ["tokens", "fused"] + (0..<5).map { "feature.\($0)" }
    for (name, reference) in zip(names, references) {
      let found = try #require(taps[name])
      #expect(
        try relativeDistance(found, OddFixture.recorded(reference)) <= forwardPassBound, "\(name)")
    }
    #expect(try relativeDistance(logits, OddFixture.recorded("logits")) <= forwardPassBound)
  }

  @Test func sameBitsEveryTime() throws {
    let golden = Golden.all[0]
    let model = try segmenter(golden.source())
    let window = try golden.window()
    let first = try model.logits(for: window)
    // The second run gets the first one's memory, with its values still in it.
    #expect(try model.logits(for: window) == first)
    #expect(try segmenter(golden.source()).logits(for: window) == first)
  }
}

/// What must make the comparison fail, so that its bound is known to bite.
@Suite struct NegativeControlTests {
  static let table = "encoder.blocks.2.attn.relative_position_bias_table"

  private func distance(_ edit: (inout EditedSource) throws -> Void) throws -> Float {
    let golden = Golden(folder: "beit", strategy: "centering")
    var source = try golden.source()
    try edit(&source)
    return try relativeDistance(
      segmenter(source).logits(for: golden.window()), golden.logits())
  }

  @Test func nothingEdited() throws {
    #expect(try distance { _ in } <= forwardPassBound)
  }

  @Test func twoHeadsSwapped() throws {
    let found = try distance { source in
      try source.edit(Self.table) { values, shape in
        for row in 0..<shape[0] { values.swapAt(row * 2, row * 2 + 1) }
      }
    }
    #expect(found > forwardPassBound)
  }

  @Test func classRowsMovedByOne() throws {
    let found = try distance { source in
      try source.edit(Self.table) { values, shape in
        let last = Array(values.suffix(3 * shape[1]))
        let moved = last.suffix(2 * shape[1]) + last.prefix(shape[1])
        values.replaceSubrange(values.count - last.count..<values.count, with: moved)
      }
    }
    #expect(found > forwardPassBound)
  }

  @Test func tableTransposed() throws {
    let found = try distance { source in
      try source.edit(Self.table) { values, shape in
        let original = values
        for row in 0..<121 {
          for head in 0..<2 {
            values[row * 2 + head] = original[(row % 11 * 11 + row / 11) * 2 + head]
          }
        }
      }
    }
    #expect(found > forwardPassBound)
  }

  @Test func twoDepthSlicesSwapped() throws {
    let found = try distance { source in
      try source.edit("encoder.patch_embed.proj.weight") { values, shape in
        let area = shape[3] * shape[4]
        for output in 0..<shape[0] {
          for element in 0..<area {
            let start = output * shape[2] * area + element
            values.swapAt(start + 2 * area, start + 3 * area)
          }
        }
      }
    }
    #expect(found > forwardPassBound)
  }

  @Test(arguments: [
    "encoder.blocks.1.attn.q_bias", "encoder.blocks.3.gamma_1", "encoder.blocks.0.norm2.bias",
    "decoder.psp_modules.3.1.bn.running_mean", "decoder.lateral_convs.1.bn.weight",
    "decoder.fpn1.1.running_mean", "decoder.fpn_bottleneck.bn.running_var",
  ])
  func valuesOffByATwentieth(tensor: String) throws {
    let found = try distance { source in
      try source.edit(tensor) { values, _ in values = values.map { $0 + 0.05 } }
    }
    #expect(found > forwardPassBound)
  }

  @Test func aSliceOfTheInputMoved() throws {
    let golden = Golden(folder: "beit", strategy: "inflation")
    var window = try golden.window()
    let area = 96 * 96
    for pixel in 0..<area { window[pixel] = window[area + pixel] }
    let logits = try segmenter(golden.source()).logits(for: window)
    #expect(try relativeDistance(logits, golden.logits()) > forwardPassBound)
  }
}
