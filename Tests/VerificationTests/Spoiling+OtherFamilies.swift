import Tensors

extension Spoiling {
  static let otherFamilies: [Spoiling] = [
    Spoiling(
      name: "Swin: corners of a patch merging in another order", check: "depth-constant",
      sample: .swin
    ) {
      try $0.edit("encoder.layers.0.downsample.reduction.weight") { values, shape in
        let corner = shape[1] / 4
        for row in 0..<shape[0] {
          for index in 0..<corner {
            let start = row * shape[1] + index
            values.swapAt(start + corner, start + 2 * corner)
          }
        }
      }
    },
    Spoiling(
      name: "Swin: bias table of a window with its two axes exchanged",
      check: "identity.relative-position-bias", sample: .swin
    ) {
      try $0.edit("encoder.layers.1.blocks.0.attn.relative_position_bias_table") {
        exchangeAxes(of: &$0, side: 5, heads: $1[1])
      }
    },
    Spoiling(
      name: "Swin: a norm replaced by ones", check: "identity.carried-over",
      sample: .swin
    ) {
      try $0.edit("encoder.layers.2.blocks.0.norm2.weight") { values, _ in
        values = values.map { _ in 1 }
      }
    },
    Spoiling(
      name: "Video Swin: two depth offsets of a bias table that differ",
      check: "identity.relative-position-bias", sample: .videoSwin
    ) {
      try $0.edit("encoder.layers.0.blocks.1.attn.relative_position_bias_table") { values, _ in
        let slab = values.count / 3
        for index in 0..<slab { values[2 * slab + index] *= 0.5 }
      }
    },
    Spoiling(
      name: "Video Swin: row numbers of another window", check: "derived", sample: .videoSwin
    ) { converted in
      let name = "encoder.layers.1.blocks.0.attn.relative_position_index"
      let numbers = try converted.integers(of: SourceKey(name))
      try converted.replace(name, [18, 18], integers: numbers.reversed())
    },
    Spoiling(
      name: "DINO: positions of neighbouring patches exchanged", check: "depth-constant",
      sample: .dino
    ) {
      try $0.edit("encoder.pos_embed") { values, shape in
        for index in 0..<shape[2] { values.swapAt(5 * shape[2] + index, 6 * shape[2] + index) }
      }
    },
    Spoiling(
      name: "DINO: the class token's position last", check: "identity.position-embedding",
      sample: .dino
    ) {
      try $0.edit("encoder.pos_embed") { values, shape in
        values = Array(values[shape[2]...] + values[..<shape[2]])
      }
    },
    Spoiling(
      name: "MONAI ViT: positions at the first layer of tokens alone",
      check: "identity.position-embedding", sample: .volumeViT
    ) {
      try $0.edit("patch_embedding.position_embeddings") { values, shape in
        for token in stride(from: 1, to: shape[1], by: 2) {
          for index in 0..<shape[2] { values[token * shape[2] + index] = 0 }
        }
      }
    },
    Spoiling(
      name: "MONAI ViT: depth counted slowest in the positions", check: "depth-constant",
      sample: .volumeViT
    ) {
      try $0.edit("patch_embedding.position_embeddings") { values, shape in
        let (old, hidden, planes) = (values, shape[2], shape[1] / 2)
        for token in 0..<planes {
          for layer in 0..<2 {
            for index in 0..<hidden {
              values[(layer * planes + token) * hidden + index] =
                old[(token * 2 + layer) * hidden + index]
            }
          }
        }
      }
    },
    Spoiling(
      name: "MONAI ViT: one layer of a kernel twice as strong", check: "centre-slice",
      sample: .volumeViT
    ) {
      try $0.edit("patch_embedding.patch_embeddings.weight") { values, shape in
        for start in stride(from: 0, to: values.count, by: shape[4]) {
          values[start + 3] *= 2
          values[start + 9] = 0
        }
      }
    },
    Spoiling(
      name: "DINOv2: a layer scale that was not folded", check: "identity.carried-over",
      sample: .dinov2
    ) {
      try $0.edit("blocks.1.mlp.linear2.weight") { values, _ in values = values.map { $0 * 3 } }
    },
    Spoiling(
      name: "MAE: queries, keys and values joined in another order",
      check: "identity.carried-over", sample: .maskedAutoencoder
    ) {
      try $0.edit("blocks.0.attn.qkv.weight") { values, _ in
        let part = values.count / 3
        values = Array(values[part...] + values[..<part])
      }
    },
  ]
}
