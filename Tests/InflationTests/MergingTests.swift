import Architectures
import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Inflation

@Suite("Patch merging spread over the depth")
struct MergingTests {
  private static let channels = 12

  /// A Swin of four stages with one block each by Microsoft's names: 12 channels, windows of 3×3.
  static func source() throws -> MemorySource {
    var shapes: [String: [Int]] = [
      "patch_embed.proj.weight": [12, 3, 4, 4], "patch_embed.proj.bias": [12],
    ]
    for stage in 0..<4 {
      let width = 12 << stage
      let tensors: [String: [Int]] = [
        "norm1.weight": [width], "norm1.bias": [width], "attn.qkv.weight": [3 * width, width],
        "attn.qkv.bias": [3 * width], "attn.proj.weight": [width, width],
        "attn.proj.bias": [width], "norm2.weight": [width], "norm2.bias": [width],
        "mlp.fc1.weight": [2 * width, width], "mlp.fc1.bias": [2 * width],
        "mlp.fc2.weight": [width, 2 * width], "mlp.fc2.bias": [width],
        "attn.relative_position_bias_table": [25, 1 << stage],
      ]
      for (name, shape) in tensors { shapes["layers.\(stage).blocks.0.\(name)"] = shape }
      guard stage < 3 else { continue }
      shapes["layers.\(stage).downsample.reduction.weight"] = [2 * width, 4 * width]
      shapes["layers.\(stage).downsample.norm.weight"] = [4 * width]
      shapes["layers.\(stage).downsample.norm.bias"] = [4 * width]
    }
    return try MemorySource(contents: [:]).adding(shapes)
  }

  static func options(
    _ downsample: String, depthAxis: Int = 2, version: String = "1.6"
  ) throws -> ConversionOptions {
    var options = try ConversionOptions(imageSize: [64, 64, 64])
    options.targetOptions = ["downsample": downsample, "version": version]
    options.depthAxis = depthAxis
    options.includesDecoder = false
    options.biasResize = .bicubic
    return options
  }

  private struct Merging {
    let weight: [Float]
    let norm: (weight: [Float], bias: [Float])

    /// Normalises the joined offsets and projects them.
    func callAsFunction(_ offsets: [[Double]]) -> [Double] {
      let joined = offsets.flatMap { $0 }
      let mean = joined.reduce(0, +) / Double(joined.count)
      let variance = joined.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(joined.count)
      let normal = joined.indices.map {
        (joined[$0] - mean) / (variance + 1e-5).squareRoot() * Double(norm.weight[$0])
          + Double(norm.bias[$0])
      }
      return (0..<weight.count / joined.count).map { output in
        normal.indices.reduce(0) { $0 + normal[$1] * Double(weight[output * normal.count + $1]) }
      }
    }
  }

  /// Of the first stage, in the target's own order.
  private func converted(_ source: MemorySource, _ options: ConversionOptions) throws -> Merging {
    let (plan, _) = try Golden.plan(source, options, to: "monai-swinunetr")
    let evaluator = ExpressionEvaluator(source: source, decoderFile: nil)
    let values = { (name: String) in
      let tensor = try #require(
        plan.tensors.first { $0.key.name == "swinViT.layers1.0.downsample.\(name)" }, "\(name)")
      #expect(tensor.exactness == .exact)
      #expect(tensor.action == .inflate)
      return try evaluator.floats(tensor.expression).values
    }
    return Merging(
      weight: try values("reduction.weight"),
      norm: (try values("norm.weight"), try values("norm.bias")))
  }

  private func original(_ source: MemorySource) throws -> Merging {
    let values = { (name: String) in
      try source.floats(of: "layers.0.downsample.\(name)").values
    }
    return Merging(
      weight: try values("reduction.weight"),
      norm: (try values("norm.weight"), try values("norm.bias")))
  }

  private func order(_ downsample: String) throws -> [Int] {
    try OperationExample.document().member("merging").member(downsample).elements().map {
      try $0.integer()
    }
  }

  private func distance(_ left: [Double], _ right: [Double]) -> Double {
    zip(left, right).map { abs($0 - $1) }.max() ?? .infinity
  }

  @Test(
    "computes on equal slices what Swin does on one, in the order of either of MONAI's modules",
    arguments: ["merging", "mergingv2"], [0, 1, 2])
  func depthConstant(downsample: String, depthAxis: Int) throws {
    let source = try Self.source()
    /// `[row][column][channel]`
    let plane = (0..<4).map { place in
      Initialisation.uniform(bound: 2, stream: UInt64(40 + place)).values(Self.channels)
        .map { Double($0) }
    }
    let value = { (row: Int, column: Int) in plane[row * 2 + column] }
    // Swin goes down the rows first.
    let expected = try original(source)([value(0, 0), value(1, 0), value(0, 1), value(1, 1)])
    let offsets = try order(downsample).map { number in
      var place = [number >> 2 & 1, number >> 1 & 1, number & 1]
      place.remove(at: depthAxis)
      return value(place[0], place[1])
    }
    let merging = try converted(source, Self.options(downsample, depthAxis: depthAxis))
    #expect(distance(merging(offsets), expected) < 1e-5)
    // Rows and columns mixed up.
    let mirrored = try order(downsample).map { number in
      var place = [number >> 2 & 1, number >> 1 & 1, number & 1]
      place.remove(at: depthAxis)
      return value(place[1], place[0])
    }
    #expect(distance(merging(mirrored), expected) > 1e-2)
    // The other module's order.
    let other = try order(downsample == "merging" ? "mergingv2" : "merging").map { number in
      var place = [number >> 2 & 1, number >> 1 & 1, number & 1]
      place.remove(at: depthAxis)
      return value(place[0], place[1])
    }
    #expect(distance(merging(other), expected) > 1e-2)
  }

  @Test("repeats the normalisation and halves the projection")
  func parts() throws {
    let source = try Self.source()
    let merging = try converted(source, Self.options("mergingv2"))
    let original = try original(source)
    let sum = { (values: [Float]) in values.reduce(0.0) { $0 + Double($1) } }
    #expect(abs(sum(merging.norm.weight) - 2 * sum(original.norm.weight)) < 1e-4)
    #expect(abs(sum(merging.weight) - sum(original.weight)) < 1e-3)
    #expect(merging.norm.weight.count == 8 * Self.channels)
  }

  @Test("has no counterpart in the fourth merging, which starts anew")
  func fourth() throws {
    let (plan, _) = try Golden.plan(
      Self.source(), Self.options("merging"), to: "monai-swinunetr")
    let last = try #require(
      plan.tensors.first { $0.key.name == "swinViT.layers4.0.downsample.reduction.weight" })
    #expect(last.action == .initialise)
    #expect(last.exactness == .initialised)
    #expect(plan.verdict.contains("initialised"))
  }

  @Test("is refused for the releases whose merging leaves two offsets out")
  func oldReleases() throws {
    for version in ["1.3", "1.4"] {
      let fault = try #require(throws: Fault.self) {
        try Golden.plan(
          Self.source(), Self.options("merging", version: version), to: "monai-swinunetr")
      }
      #expect(fault.code == .unsupportedGeometry)
      #expect(fault.remedy?.contains("mergingv2") == true)
      #expect(
        throws: Never.self
      ) {
        try Golden.plan(
          Self.source(), Self.options("mergingv2", version: version), to: "monai-swinunetr")
      }
    }
  }
}
