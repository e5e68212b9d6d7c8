import Architectures
import Documents
import Foundation
import Inflation
import Tensors
import Testing

@testable import Verification

/// A way to spoil a conversion, and the check that has to notice.
struct Spoiling: Sendable, CustomTestStringConvertible {
  let name: String
  let check: String
  var strategy = DepthStrategy.average
  var grid = 4
  /// Nil for the small BEiT.
  var sample: FamilySample?
  /// What the 3D family's norms add to the variance, if it is not what they should.
  var epsilon: Double?
  let damage: @Sendable (inout EditedSource) throws -> Void

  var testDescription: String { name }

  private static let kernel = "encoder.patch_embed.proj.weight"
  private static let block = "encoder.blocks.2."
  private static let table = block + "attn.relative_position_bias_table"
  private static let qkv = block + "attn.qkv.weight"

  static let all: [Spoiling] =
    kernels + attention + blocks + numbers + structure + otherFamilies

  /// What verification says of the spoilt conversion.
  func report() throws -> VerificationReport {
    guard let sample else {
      var converted = try Sample.conversion(strategy, grid: grid)
      try damage(&converted)
      guard let epsilon else {
        return try Sample.verify(converted, against: Sample.source())
      }
      return try Verifier(
        catalogue: Spoiling.catalogue(epsilon: epsilon), source: Sample.source()
      ).verify(converted, hints: RecognitionHints(familyID: "other-epsilon"))
    }
    var models = try sample.models(strategy)
    try damage(&models.converted)
    return try sample.verify(models)
  }

  /// The built-in families, and TransSeg BEiT once more with another epsilon.
  private static func catalogue(epsilon: Double) throws -> FamilyCatalogue {
    let path = Sample.path("../../Zoo/Families/transseg-beit.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
      .replacing("\"id\": \"transseg-beit\"", with: "\"id\": \"other-epsilon\"")
      .replacing(/"layerNormEpsilon": [0-9e.-]+/, with: "\"layerNormEpsilon\": \(epsilon)")
    return try FamilyCatalogue.builtIn().adding([(path, JSONValue(parsing: text))])
  }

  // MARK: - The patch embedding

  private static let kernels: [Spoiling] = [
    Spoiling(name: "kernel laid out with its depth last", check: "identity.patch-embedding") {
      try $0.edit(kernel) { values, shape in
        let (depth, area) = (shape[2], shape[3] * shape[4])
        let old = values
        for plane in 0..<shape[0] * shape[1] {
          for slice in 0..<depth {
            for index in 0..<area {
              values[(plane * depth + slice) * area + index] =
                old[plane * depth * area + index * depth + slice]
            }
          }
        }
      }
    },
    Spoiling(name: "division by the depth forgotten", check: "depth-constant") {
      try $0.edit(kernel) { values, shape in
        for index in values.indices { values[index] *= Float(shape[2]) }
      }
    },
    Spoiling(
      name: "kernel at the slice before the middle", check: "centre-slice", strategy: .center
    ) { try $0.edit(kernel) { swapSlices(1, 2, &$0, $1) } },
    Spoiling(
      name: "kernel at the first slice instead of the middle", check: "identity.patch-embedding",
      strategy: .center
    ) { try $0.edit(kernel) { swapSlices(0, 2, &$0, $1) } },
    Spoiling(name: "slices that lean to one end", check: "symmetry") {
      try $0.edit(kernel) { values, shape in
        let (depth, area) = (shape[2], shape[3] * shape[4])
        for plane in 0..<shape[0] * shape[1] {
          for index in 0..<area {
            let step = values[plane * depth * area + index] * 0.2
            values[plane * depth * area + index] += step
            values[(plane * depth + depth - 1) * area + index] -= step
          }
        }
      }
    },
    Spoiling(name: "two outputs of the kernel exchanged", check: "identity.patch-embedding") {
      try $0.edit(kernel) { values, shape in
        let output = shape[1] * shape[2] * shape[3] * shape[4]
        for index in 0..<output { values.swapAt(index, output + index) }
      }
    },
    Spoiling(name: "kernel with height and width exchanged", check: "depth-constant") {
      try $0.edit(kernel) { values, shape in
        let old = values
        let side = shape[3]
        for plane in 0..<shape[0] * shape[1] * shape[2] {
          for row in 0..<side {
            for column in 0..<side {
              values[(plane * side + row) * side + column] =
                old[(plane * side + column) * side + row]
            }
          }
        }
      }
    },
  ]

  private static func swapSlices(
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

  /// - Parameter values: those of a table `[side · side, heads]`, and more behind them.
  static func exchangeAxes(of values: inout [Float], side: Int, heads: Int) {
    let old = values
    for row in 0..<side {
      for column in 0..<side {
        for head in 0..<heads {
          values[(row * side + column) * heads + head] = old[(column * side + row) * heads + head]
        }
      }
    }
  }

  // MARK: - Attention

  private static let attention: [Spoiling] = [
    Spoiling(name: "queries and keys exchanged", check: "identity.carried-over") {
      try $0.edit(qkv) { values, shape in
        let part = shape[0] / 3 * shape[1]
        for index in 0..<part { values.swapAt(index, part + index) }
      }
    },
    Spoiling(name: "transposed query, key and value", check: "depth-constant") {
      try $0.edit(qkv) { values, shape in
        let side = shape[1]
        let old = values
        for part in 0..<3 {
          for row in 0..<side {
            for column in 0..<side {
              values[(part * side + row) * side + column] =
                old[(part * side + column) * side + row]
            }
          }
        }
      }
    },
    Spoiling(name: "heads of the values exchanged", check: "depth-constant") {
      try $0.edit(qkv) { values, shape in
        let half = shape[1] / 2 * shape[1]
        let start = 2 * shape[1] * shape[1]
        for index in 0..<half { values.swapAt(start + index, start + half + index) }
      }
    },
    Spoiling(name: "rows of the projection in reverse order", check: "identity.carried-over") {
      try $0.edit(block + "attn.proj.weight") { values, shape in
        values = (0..<shape[0]).reversed().flatMap { row in
          values[row * shape[1]..<(row + 1) * shape[1]]
        }
      }
    },
    Spoiling(name: "biases of query and value exchanged", check: "identity.carried-over") {
      try $0.swap(block + "attn.q_bias", block + "attn.v_bias")
    },
    Spoiling(name: "bias table in reverse order", check: "identity.relative-position-bias") {
      try $0.edit(table) { values, _ in values.reverse() }
    },
    Spoiling(
      name: "bias table with its two axes exchanged", check: "identity.relative-position-bias"
    ) {
      try $0.edit(table) { exchangeAxes(of: &$0, side: 7, heads: $1[1]) }
    },
    Spoiling(
      name: "heads of a bias table exchanged", check: "identity.relative-position-bias", grid: 6
    ) {
      try $0.edit(table) { values, shape in
        for row in 0..<shape[0] { values.swapAt(row * shape[1], row * shape[1] + 1) }
      }
    },
    Spoiling(name: "class token's rows off by one", check: "identity.relative-position-bias") {
      try $0.edit(table) { values, shape in
        let heads = shape[1]
        let rows = Array(values.suffix(3 * heads))
        values.replaceSubrange(
          values.count - 3 * heads..<values.count, with: rows.suffix(2 * heads) + rows.prefix(heads)
        )
      }
    },
    Spoiling(name: "table of row numbers off by one", check: "derived") { converted in
      let name = "encoder.blocks.1.attn.relative_position_index"
      var numbers = try converted.integers(of: SourceKey(name))
      numbers[20] += 1
      try converted.replace(name, [17, 17], integers: numbers)
    },
  ]

  // MARK: - Blocks and decoder

  private static let blocks: [Spoiling] = [
    Spoiling(name: "two blocks' perceptrons exchanged", check: "identity.carried-over") {
      try $0.swap("encoder.blocks.1.mlp.fc1.weight", "encoder.blocks.2.mlp.fc1.weight")
    },
    Spoiling(name: "the two norms of a block exchanged", check: "depth-constant") {
      try $0.swap(block + "norm1.weight", block + "norm2.weight")
      try $0.swap(block + "norm1.bias", block + "norm2.bias")
    },
    // No tensor tells it: the record has to go, which names the right family.
    Spoiling(name: "wrong epsilon of the norms", check: "depth-constant", epsilon: 1e-3) {
      $0.metadata = [:]
    },
    Spoiling(name: "layer scale replaced by ones", check: "identity.carried-over") {
      try $0.edit(block + "gamma_1") { values, _ in values = values.map { _ in 1 } }
    },
    Spoiling(name: "class token replaced by zeros", check: "identity.carried-over") {
      try $0.edit("encoder.cls_token") { values, _ in values = values.map { _ in 0 } }
    },
    Spoiling(name: "one tensor from another model", check: "identity.carried-over") {
      let other = try Sample.golden("beit_shared/source.safetensors")
        .floats(of: SourceKey("blocks.3.mlp.fc1.weight"))
      try $0.replace("encoder.blocks.3.mlp.fc1.weight", other.shape.extents, other.values)
    },
    Spoiling(name: "classes of the decoder in another order", check: "identity.carried-over") {
      try $0.edit("decoder.conv_seg.weight") { values, shape in
        for index in 0..<shape[1] { values.swapAt(index, shape[1] + index) }
      }
    },
    Spoiling(name: "deviations stored as variances", check: "identity.carried-over") {
      try $0.edit("decoder.bottleneck.bn.running_var") { values, _ in
        values = values.map { $0.squareRoot() }
      }
    },
    Spoiling(name: "one bias a hundred-thousandth off", check: "identity.carried-over") {
      try $0.edit(block + "mlp.fc2.bias") { values, _ in values[0] += 1e-5 }
    },
  ]

  // MARK: - Numbers

  private static let numbers: [Spoiling] = [
    Spoiling(name: "one NaN", check: "finite") {
      try $0.edit(block + "norm2.weight") { values, _ in values[7] = .nan }
    },
    Spoiling(name: "overflow in 16 bits", check: "finite") { converted in
      let name = block + "mlp.fc2.weight"
      let tensor = try converted.floats(of: SourceKey(name))
      try converted.replace(
        name, tensor.shape.extents, tensor.values.map { $0 * 1e7 }, as: .f16)
    },
    Spoiling(name: "a tensor rounded to bfloat16 on the way", check: "identity.carried-over") {
      try $0.edit(block + "mlp.fc1.weight") { values, _ in
        values = values.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) }
      }
    },
    Spoiling(name: "a dead tensor", check: "statistics") {
      try $0.edit(block + "mlp.fc2.weight") { values, _ in values = values.map { _ in 0 } }
    },
    Spoiling(name: "an exploded tensor", check: "statistics") {
      try $0.edit(block + "mlp.fc2.weight") { values, _ in values = values.map { $0 * 1e5 } }
    },
    Spoiling(name: "a norm as it was initialised", check: "statistics") {
      try $0.edit(block + "norm1.weight") { values, _ in values = values.map { _ in 1 } }
      try $0.edit(block + "norm1.bias") { values, _ in values = values.map { _ in 0 } }
    },
  ]

  // MARK: - Names and shapes

  private static let structure: [Spoiling] = [
    Spoiling(name: "a tensor missing", check: "structure") {
      $0.remove("encoder.blocks.1.norm1.weight")
    },
    Spoiling(name: "a tensor that nobody asked for", check: "structure") {
      try $0.replace("encoder.blocks.1.norm3.weight", [32], [Float](repeating: 1, count: 32))
    },
    Spoiling(name: "a bias one channel too long", check: "structure") {
      try $0.replace(block + "norm1.bias", [33], [Float](repeating: 0.1, count: 33))
    },
    Spoiling(name: "weights stored as integers", check: "structure") {
      try $0.replace(block + "norm1.bias", [32], integers: (0..<32).map { Int64($0) })
    },
    Spoiling(name: "the last block lost", check: "identity.carried-over") {
      $0.metadata = [:]
      $0.removeAll { $0.hasPrefix("encoder.blocks.3.") }
    },
  ]
}
