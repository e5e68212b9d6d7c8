import Architectures
import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Inflation

/// Attention and perceptron of a few numbers, straight from their definitions in 64 bits.
private struct TinyBlock {
  let hidden: Int
  let heads: Int

  /// `rows` `[tokens][inputs]` times the transpose of `weight` `[outputs, inputs]`, plus `bias`.
  func linear(_ rows: [[Double]], _ weight: [Float], _ bias: [Float]) -> [[Double]] {
    rows.map { row in
      bias.indices.map { output in
        row.indices.reduce(Double(bias[output])) {
          $0 + row[$1] * Double(weight[output * row.count + $1])
        }
      }
    }
  }

  /// - Parameters:
  ///   - qkv: `[3·hidden, hidden]` and its biases
  ///   - projection: `[hidden, hidden]` and its biases
  func attention(
    _ tokens: [[Double]], qkv: (weight: [Float], bias: [Float]),
    projection: (weight: [Float], bias: [Float])
  ) -> [[Double]] {
    let joint = linear(tokens, qkv.weight, qkv.bias)
    let width = hidden / heads
    var mixed = tokens.map { _ in [Double](repeating: 0, count: hidden) }
    for head in 0..<heads {
      let part = { (row: [Double], kind: Int) in
        Array(row[kind * hidden + head * width..<kind * hidden + (head + 1) * width])
      }
      for (token, row) in joint.enumerated() {
        let scores = joint.map { other in
          exp(zip(part(row, 0), part(other, 1)).reduce(0) { $0 + $1.0 * $1.1 })
        }
        let sum = scores.reduce(0, +)
        for (other, score) in scores.enumerated() {
          for (index, value) in part(joint[other], 2).enumerated() {
            mixed[token][head * width + index] += score / sum * value
          }
        }
      }
    }
    return linear(mixed, projection.weight, projection.bias)
  }
}

@Suite("Foldings")
struct FoldingTests {
  private let block = TinyBlock(hidden: 4, heads: 2)

  private func values(_ count: Int, _ seed: UInt64) -> [Float] {
    Initialisation.uniform(bound: 1, stream: seed).values(count)
  }

  private var tokens: [[Double]] {
    (0..<3).map { token in values(4, UInt64(90 + token)).map { Double($0) } }
  }

  private func distance(_ left: [[Double]], _ right: [[Double]]) -> Double {
    zip(left.joined(), right.joined()).map { abs($0 - $1) }.max() ?? .infinity
  }

  private func tensor(_ extents: [Int], _ values: [Float]) throws -> FloatTensor {
    try FloatTensor(shape: Shape(extents), values: values)
  }

  @Test("of a layer scale into the projection compute what scaling its output does")
  func layerScale() throws {
    let (weight, bias, scale) = (values(16, 1), values(4, 2), values(4, 3))
    let scaled = block.linear(tokens, weight, bias).map { row in
      zip(row, scale).map { $0 * Double($1) }
    }
    let fold = { (extents: [Int], values: [Float]) in
      try LayerScaleFold(shape: Shape(extents), scale: SourceKey("gamma")).apply(
        to: [tensor(extents, values), tensor([4], scale)]
      ).values
    }
    let folded = block.linear(tokens, try fold([4, 4], weight), try fold([4], bias))
    #expect(distance(folded, scaled) < 1e-6)
    #expect(distance(block.linear(tokens, try fold([4, 4], weight), bias), scaled) > 1e-2)
  }

  @Test("of the values' bias into the projection's compute what the attention with it does")
  func valueBias() throws {
    let (weight, projection, own) = (values(48, 4), values(16, 5), values(4, 6))
    let valueBias = values(4, 7)
    let whole = block.attention(
      tokens, qkv: (weight, [Float](repeating: 0, count: 8) + valueBias),
      projection: (projection, own)
    )
    let folded = try ValueBiasFold(shape: Shape([4]), valueBias: SourceKey("v")).apply(
      to: [tensor([4, 4], projection), tensor([4], valueBias), tensor([4], own)]
    ).values
    let none = [Float](repeating: 0, count: 12)
    #expect(
      distance(
        block.attention(tokens, qkv: (weight, none), projection: (projection, folded)), whole)
        < 1e-6)
    #expect(
      distance(block.attention(tokens, qkv: (weight, none), projection: (projection, own)), whole)
        > 1e-2)
  }

  @Test("leave out the keys' bias, which changes nothing, where the queries' does")
  func keyBias() throws {
    let (weight, projection, own) = (values(48, 8), values(16, 9), values(4, 10))
    let without = { (dropped: Range<Int>) in
      var bias = values(12, 11)
      for index in dropped { bias[index] = 0 }
      return block.attention(tokens, qkv: (weight, bias), projection: (projection, own))
    }
    #expect(distance(without(4..<8), without(0..<0)) < 1e-12)
    #expect(distance(without(0..<4), without(0..<0)) > 1e-3)
    let rules = try ["key-bias", "query-bias"].map { try #require(DropRule(id: $0)) }
    #expect(rules.map(\.changesEncoder) == [false, true])
  }

  @Test("are planned where the target has no place for what is folded")
  func planned() throws {
    let source = try MemorySource.vit(layerScale: true)
    let (plan, _) = try Golden.plan(
      source, .small { $0.imageSize = [16, 16, 8] }, to: "monai-vit", heads: 2)
    let tensors = Dictionary(uniqueKeysWithValues: plan.tensors.map { ($0.key.name, $0) })
    let weight = try #require(tensors["blocks.1.mlp.linear2.weight"])
    #expect(weight.action == .fold)
    #expect(weight.inputs.map(\.name) == ["blocks.1.mlp.fc2.weight", "blocks.1.ls2.gamma"])
    #expect(weight.exactness == .exact)
    #expect(tensors["blocks.0.attn.out_proj.bias"]?.action == .fold)
    #expect(tensors["blocks.0.attn.qkv.weight"]?.action == .copy)
  }

  @Test("of a target without biases fold the values', drop the keys' and ask about the queries'")
  func withoutBiases() throws {
    let source = try MemorySource.vit()
    let options = { (allowed: Set<String>) in
      try ConversionOptions.small {
        $0.imageSize = [16, 16, 8]
        $0.targetOptions = ["qkv_bias": "false"]
        $0.allowedLosses = allowed
      }
    }
    let fault = try #require(throws: Fault.self) {
      try Golden.plan(source, options([]), to: "monai-vit", heads: 2)
    }
    #expect(fault.code == .lossNotAllowed)
    #expect(fault.remedy?.contains("--allow-loss query-bias") == true)
    let (plan, _) = try Golden.plan(source, options(["query-bias"]), to: "monai-vit", heads: 2)
    #expect(plan.verdict == "lossy: query-bias")
    let parts = plan.dropped.filter { $0.part != nil }.map { "\($0.part ?? ""): \($0.rule.id)" }
    #expect(Set(parts) == ["query rows: query-bias", "key rows: key-bias", "row 0: class-token"])
    let bias = try #require(plan.tensors.first { $0.key.name == "blocks.0.attn.out_proj.bias" })
    #expect(bias.action == .fold)
    let evaluator = ExpressionEvaluator(source: source, decoderFile: nil)
    let folded = try evaluator.floats(bias.expression).values
    let (weight, own, joint) = (
      try source.floats(of: "blocks.0.attn.proj.weight").values,
      try source.floats(of: "blocks.0.attn.proj.bias").values,
      try source.floats(of: "blocks.0.attn.qkv.bias").values
    )
    for row in 0..<8 {
      let sum = (0..<8).reduce(Double(own[row])) {
        $0 + Double(weight[row * 8 + $1]) * Double(joint[16 + $1])
      }
      #expect(abs(Double(folded[row]) - sum) < 1e-6)
    }
  }
}
