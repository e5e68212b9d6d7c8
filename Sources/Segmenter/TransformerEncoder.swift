import Architectures
import Diagnostics
import Kernels
import Tensors

/// BEiT in two and in three dimensions: patch embedding, class token, blocks.
struct TransformerEncoder: Sendable {
  let geometry: SegmenterGeometry
  private let patchEmbedding: PatchEmbedding
  private let classToken: Matrix
  private let blocks: [TransformerBlock]

  init(_ loader: WeightLoader, _ geometry: SegmenterGeometry) throws {
    self.geometry = geometry
    patchEmbedding = try PatchEmbedding(loader, geometry)
    let token = try loader.values("classToken", shape: [1, 1, geometry.hidden])
    classToken = Matrix(rows: 1, columns: geometry.hidden, values: token)
    guard let epsilon = loader.model.family.constant("layerNormEpsilon") else {
      throw Fault(
        .unsupportedModel,
        "the family \(loader.model.family.id) does not tell its layerNormEpsilon",
        remedy: "add it to the constants of the family's description")
    }
    let shared = try RelativePositionBias(loader, "relativePositionBias.shared", geometry)
    blocks = try (0..<geometry.depth).map { block in
      try TransformerBlock(
        loader, block: block, geometry, epsilon: epsilon, sharedPositions: shared)
    }
  }

  /// Runs the window through the blocks and lends the tokens, `[tokens, hidden]` without the class
  /// token, after each one; they are overwritten by the next.
  func run(
    _ window: FloatTensor, workspace: Workspace, taps: inout ActivationTaps,
    afterBlock: (_ block: Int, _ tokens: Matrix) throws -> Void
  ) throws {
    let tokens = Matrix(
      rows: geometry.tokenCount + 1, columns: geometry.hidden, from: workspace)
    let grid = tokens.rows(1..<tokens.rowCount)
    classToken.copy(to: tokens.rows(0..<1))
    patchEmbedding.apply(to: window, workspace: workspace, into: grid)
    try taps.pass(grid, as: "patchEmbedding")
    for (index, block) in blocks.enumerated() {
      block.apply(to: tokens, workspace: workspace)
      try taps.pass(grid, as: "blocks[\(index)]")
      try afterBlock(index, grid)
    }
  }

  var activationNames: [String] {
    ["patchEmbedding"] + blocks.indices.map { "blocks[\($0)]" }
  }
}
