import Architectures
import Checkpoints
import Diagnostics
import Foundation
import Inflation
import Tensors
import Testing

@testable import Verification

/// One thing wrong at a time; the check that is meant to see it names the tensor.
@Suite("Damaged conversions")
struct NegativeControlTests {
  private static let kernel = "encoder.patch_embed.proj.weight"
  private static let table = "encoder.blocks.2.attn.relative_position_bias_table"

  /// Damages a conversion and expects the check to fall short over the tensor.
  private func expect(
    _ id: String, over tensor: String, _ strategy: DepthStrategy = .average, grid: Int = 4,
    of folder: String = "beit", keepingRecord: Bool = true,
    location: SourceLocation = #_sourceLocation, _ damage: (inout EditedSource) throws -> Void
  ) throws {
    let source = try Sample.source(folder)
    var converted = try Sample.conversion(strategy, grid: grid, of: folder)
    if !keepingRecord { converted.metadata = [:] }
    try damage(&converted)
    let report = try Sample.verify(converted, against: source)
    #expect(!report.passes, sourceLocation: location)
    let check = try report.check(id)
    #expect(check.verdict == .fallShort, "\(report.shortfalls)", sourceLocation: location)
    #expect(check.tensor == tensor, "\(check.detail)", sourceLocation: location)
  }

  private func swapSlices(
    _ first: Int, _ second: Int, _ values: inout [Float], _ shape: [Int]
  ) {
    let area = shape[3] * shape[4]
    for plane in 0..<shape[0] * shape[1] {
      for index in 0..<area {
        values.swapAt(
          (plane * shape[2] + first) * area + index, (plane * shape[2] + second) * area + index)
      }
    }
  }

  @Test("two depth indices of a centred kernel swapped", arguments: [true, false], [4, 6])
  func swappedSlices(keepingRecord: Bool, grid: Int) throws {
    try expect(
      "identity.patch-embedding", over: Self.kernel, .center, grid: grid,
      keepingRecord: keepingRecord
    ) { try $0.edit(Self.kernel) { swapSlices(1, 2, &$0, $1) } }
  }

  @Test("two slices swapped whose weights differ", arguments: [DepthStrategy.linear, .gaussian(1)])
  func swappedWeights(strategy: DepthStrategy) throws {
    try expect("identity.patch-embedding", over: Self.kernel, strategy) {
      try $0.edit(Self.kernel) { swapSlices(1, 2, &$0, $1) }
    }
  }

  @Test("channels in another order than the record says")
  func swappedChannels() throws {
    let source = try Sample.source()
    var options = try Sample.options(.average)
    options.inputChannels = 2
    options.channels = .list([0, 2])
    var converted = try Sample.converted(source, options)
    try converted.edit(Self.kernel) { values, shape in
      let area = shape[2] * shape[3] * shape[4]
      for output in 0..<shape[0] {
        for index in 0..<area {
          values.swapAt(2 * output * area + index, (2 * output + 1) * area + index)
        }
      }
    }
    let check = try Sample.verify(converted, against: source).check("identity.patch-embedding")
    #expect(check.verdict == .fallShort)
    #expect(check.tensor == Self.kernel)
  }

  @Test("the division by the depth forgotten", arguments: [true, false])
  func undivided(keepingRecord: Bool) throws {
    try expect("identity.patch-embedding", over: Self.kernel, keepingRecord: keepingRecord) {
      try $0.edit(Self.kernel) { values, shape in
        for index in values.indices { values[index] *= Float(shape[2]) }
      }
    }
  }

  @Test("the division by the depth forgotten shows in the forward pass, too")
  func undividedForward() throws {
    let source = try Sample.source()
    var converted = try Sample.conversion(.average)
    try converted.edit(Self.kernel) { values, _ in
      for index in values.indices { values[index] *= 5 }
    }
    let check = try Sample.verify(converted, against: source).check("depth-constant")
    #expect(check.verdict == .fallShort)
    #expect(check.detail.hasPrefix("patchEmbedding is the first"))
  }

  @Test("one bias table shuffled", arguments: ["beit", "beit_shared"], [4, 6])
  func shuffled(folder: String, grid: Int) throws {
    try expect("identity.relative-position-bias", over: Self.table, grid: grid, of: folder) {
      try $0.edit(Self.table) { values, _ in
        values.reverse()
      }
    }
  }

  @Test("the class token's rows rotated by one", arguments: [4, 6])
  func rotatedClassRows(grid: Int) throws {
    try expect("identity.relative-position-bias", over: Self.table, grid: grid) {
      try $0.edit(Self.table) { values, shape in
        let heads = shape[1]
        let rows = Array(values.suffix(3 * heads))
        values.replaceSubrange(
          values.count - 3 * heads..<values.count, with: rows.suffix(2 * heads) + rows.prefix(heads)
        )
      }
    }
  }

  @Test("two heads of a table swapped")
  func swappedHeads() throws {
    try expect("identity.relative-position-bias", over: Self.table, grid: 6) {
      try $0.edit(Self.table) { values, shape in
        for row in 0..<shape[0] { values.swapAt(row * shape[1], row * shape[1] + 1) }
      }
    }
  }

  @Test("the biases of query and value swapped")
  func swappedBiases() throws {
    try expect("identity.carried-over", over: "encoder.blocks.1.attn.q_bias") {
      try $0.swap("encoder.blocks.1.attn.q_bias", "encoder.blocks.1.attn.v_bias")
    }
  }

  @Test("one tensor out of another model")
  func otherModel() throws {
    let name = "encoder.blocks.3.mlp.fc1.weight"
    let other = try Sample.golden("beit_shared/source.safetensors")
      .floats(of: SourceKey("blocks.3.mlp.fc1.weight"))
    try expect("identity.carried-over", over: name) {
      try $0.replace(name, other.shape.extents, other.values)
    }
  }

  @Test("one weight in another tensor's narrower type does not excuse the others")
  func ownBounds() throws {
    let name = "encoder.blocks.3.mlp.fc1.weight"
    try expect("identity.carried-over", over: name) { converted in
      let narrow = try converted.floats(of: SourceKey("encoder.cls_token"))
      try converted.replace(
        "encoder.cls_token", narrow.shape.extents, narrow.values, as: .bf16)
      try converted.edit(name) { values, _ in values[0] += 1e-5 }
    }
  }

  @Test("a weight of the decoder changed")
  func decoder() throws {
    let name = "decoder.fpn_bottleneck.bn.running_var"
    try expect("identity.carried-over", over: name) {
      try $0.edit(name) { values, _ in values[3] *= 1.001 }
    }
  }

  @Test("one NaN, one infinity", arguments: [Float.nan, .infinity, -.infinity], [4, 6])
  func notFinite(value: Float, grid: Int) throws {
    let name = "encoder.blocks.1.norm2.weight"
    try expect("finite", over: name, grid: grid) {
      try $0.edit(name) { values, _ in values[7] = value }
    }
  }

  @Test("a table of row numbers changed")
  func rowNumbers() throws {
    let name = "encoder.blocks.1.attn.relative_position_index"
    try expect("derived", over: name) { converted in
      var numbers = try converted.integers(of: SourceKey(name))
      numbers.swapAt(1, 20)
      try converted.replace(name, [17, 17], integers: numbers)
    }
  }

  @Test("a layer scale where the source has none")
  func inventedLayerScale() throws {
    var source = try Sample.source()
    source.remove("blocks.2.gamma_1")
    var converted = try Sample.converted(source, Sample.options(.average, grid: 6))
    let name = "encoder.blocks.2.gamma_1"
    try converted.edit(name) { values, _ in values[0] = 0.9 }
    let check = try Sample.verify(converted, against: source).check("identity.carried-over")
    #expect(check.verdict == .fallShort)
    #expect(check.tensor == name)
  }
}
