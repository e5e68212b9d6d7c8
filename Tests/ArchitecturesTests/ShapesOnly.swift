import Documents
import SchemaSupport
import Tensors

@testable import Architectures

/// A checkpoint of names, shapes and metadata whose values nobody asks for.
struct ShapesOnly: TensorSource {
  let path = "shapes"
  let formatName = "memory"
  var metadata: [String: String] = [:]
  private(set) var shapes: [String: [Int]]
  private(set) var tensors: [TensorDescription]

  init(shapes: [String: [Int]]) {
    self.shapes = shapes
    tensors = shapes.compactMap { name, shape in
      (try? Shape(shape)).flatMap {
        try? TensorDescription(SourceKey(name), dtype: .f32, shape: $0)
      }
    }.sorted { $0.key < $1.key }
  }

  func description(of key: SourceKey) -> TensorDescription? {
    tensors.first { $0.key == key }
  }

  func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result { try body([UInt8]().span.bytes) }
}

extension ShapesOnly {
  /// A BEiT of two blocks: 8 channels, 2 heads, patches of 4×4, a grid of 3×3.
  static func beit(prefix: String = "", depth: Int = 2) -> ShapesOnly {
    var shapes: [String: [Int]] = [
      "cls_token": [1, 1, 8], "patch_embed.proj.weight": [8, 3, 4, 4], "patch_embed.proj.bias": [8],
    ]
    let rows = 5 * 5 + 3
    for block in 0..<depth {
      let tensors: [String: [Int]] = [
        "norm1.weight": [8], "norm1.bias": [8], "attn.qkv.weight": [24, 8], "attn.q_bias": [8],
        "attn.v_bias": [8], "attn.relative_position_bias_table": [rows, 2],
        "attn.proj.weight": [8, 8], "attn.proj.bias": [8], "gamma_1": [8], "gamma_2": [8],
        "norm2.weight": [8], "norm2.bias": [8], "mlp.fc1.weight": [16, 8], "mlp.fc1.bias": [16],
        "mlp.fc2.weight": [8, 16], "mlp.fc2.bias": [8],
      ]
      for (name, shape) in tensors { shapes["blocks.\(block).\(name)"] = shape }
    }
    return ShapesOnly(shapes: [:]).adding(shapes, prefix: prefix)
  }

  func adding(_ added: [String: [Int]], prefix: String = "") -> ShapesOnly {
    var changed = shapes
    for (name, shape) in added { changed[prefix + name] = shape }
    return with(changed)
  }

  func removing(_ names: String...) -> ShapesOnly {
    with(shapes.filter { !names.contains($0.key) })
  }

  private func with(_ shapes: [String: [Int]]) -> ShapesOnly {
    var changed = ShapesOnly(shapes: shapes)
    changed.metadata = metadata
    return changed
  }

  /// With a record as our own converter leaves it, some of its members replaced.
  func recording(_ members: (name: String, value: JSONValue)...) -> ShapesOnly {
    var document = JSONValue.object([
      "formatVersion": 1, "target": "beit", "parameters": .object([]), "decoderLayers": .array([]),
      "options": .object([]), "sourceSHA256": "",
    ])
    for (name, value) in members { document = document.setting([name], to: value) }
    var copy = self
    copy.metadata = [ConversionRecord.metadataKey: document.text(.compact)]
    return copy
  }
}
