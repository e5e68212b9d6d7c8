import Tensors

@testable import Inflation

extension MemorySource {
  /// A BEiT of two blocks: 8 channels, 2 heads, patches of 4×4 over three channels, a grid of
  /// `grid`; values that differ from tensor to tensor.
  static func beit(grid: Int = 4, shared: Bool = false) throws -> MemorySource {
    let rows = (2 * grid - 1) * (2 * grid - 1) + 3
    var shapes: [String: [Int]] = [
      "cls_token": [1, 1, 8], "patch_embed.proj.weight": [8, 3, 4, 4], "patch_embed.proj.bias": [8],
    ]
    if shared { shapes["rel_pos_bias.relative_position_bias_table"] = [rows, 2] }
    for block in 0..<2 {
      let tensors: [String: [Int]] = [
        "norm1.weight": [8], "norm1.bias": [8], "attn.qkv.weight": [24, 8], "attn.q_bias": [8],
        "attn.v_bias": [8], "attn.proj.weight": [8, 8], "attn.proj.bias": [8], "gamma_1": [8],
        "gamma_2": [8], "norm2.weight": [8], "norm2.bias": [8], "mlp.fc1.weight": [16, 8],
        "mlp.fc1.bias": [16], "mlp.fc2.weight": [8, 16], "mlp.fc2.bias": [8],
      ]
      for (name, shape) in tensors { shapes["blocks.\(block).\(name)"] = shape }
      if !shared { shapes["blocks.\(block).attn.relative_position_bias_table"] = [rows, 2] }
    }
    return try MemorySource(contents: [:]).adding(shapes)
  }

  /// A ViT of two blocks by timm's names: 8 channels, patches of 4×4 over three channels, a grid of
  /// 4×4.
  static func vit(layerScale: Bool = false) throws -> MemorySource {
    var shapes: [String: [Int]] = [
      "cls_token": [1, 1, 8], "pos_embed": [1, 17, 8], "patch_embed.proj.weight": [8, 3, 4, 4],
      "patch_embed.proj.bias": [8], "norm.weight": [8], "norm.bias": [8],
    ]
    for block in 0..<2 {
      var tensors: [String: [Int]] = [
        "norm1.weight": [8], "norm1.bias": [8], "attn.qkv.weight": [24, 8], "attn.qkv.bias": [24],
        "attn.proj.weight": [8, 8], "attn.proj.bias": [8], "norm2.weight": [8], "norm2.bias": [8],
        "mlp.fc1.weight": [16, 8], "mlp.fc1.bias": [16], "mlp.fc2.weight": [8, 16],
        "mlp.fc2.bias": [8],
      ]
      if layerScale {
        tensors["ls1.gamma"] = [8]
        tensors["ls2.gamma"] = [8]
      }
      for (name, shape) in tensors { shapes["blocks.\(block).\(name)"] = shape }
    }
    return try MemorySource(contents: [:]).adding(shapes)
  }

  func floats(of name: String) throws -> FloatTensor { try floats(of: SourceKey(name)) }

  func adding(_ shapes: [String: [Int]]) throws -> MemorySource {
    var copy = self
    for (name, extents) in shapes {
      let shape = try Shape(extents)
      var generator = SplitMix64(state: SplitMix64.stream(seed: 1, name: name))
      copy.contents[name] = try FloatTensor(
        shape: shape,
        values: (0..<shape.elementCount).map { _ in Float.random(in: -1...1, using: &generator) })
    }
    return copy
  }

  func removing(_ names: String...) -> MemorySource {
    var copy = self
    for name in names { copy.contents[name] = nil }
    return copy
  }
}

extension ConversionOptions {
  /// For ``MemorySource/beit(grid:shared:)``, encoder alone, the source's own size.
  static func small(
    grid: Int = 4, _ change: (inout ConversionOptions) throws -> Void = { _ in }
  ) throws -> ConversionOptions {
    var options = try ConversionOptions(imageSize: [4 * grid, 4 * grid, 5])
    options.includesDecoder = false
    try change(&options)
    return options
  }
}

extension DepthStrategy {
  /// One of each kind.
  static let examples: [DepthStrategy] = [
    .average, .center, .first, .last, .gaussian(1.5), .linear, .trilinear,
  ]
}
