import Diagnostics
import Tensors

/// Brings a relative-position-bias table `[(2h−1)·(2w−1) + class rows, heads]` of a 2D grid to
/// `[(2h′−1)·(2w′−1)·(2d′−1) + class rows, heads]` of a 3D one.
///
/// The bias of a spatial offset is the same at every depth offset. Rows run over (Δh, Δw, Δd) with
/// Δd fastest; the rows of the class token stand at the end and stay as they are.
package struct RelativePositionBiasResize: Sendable, Equatable {
  /// Tokens of the 2D grid: height, width.
  package let sourceGrid: [Int]
  /// Tokens of the 3D grid: height, width, depth.
  package let targetGrid: [Int]
  package let classRowCount: Int
  package let method: BiasResizeMethod

  package init(
    sourceGrid: [Int], targetGrid: [Int], classRowCount: Int, method: BiasResizeMethod
  ) {
    self.sourceGrid = sourceGrid
    self.targetGrid = targetGrid
    self.classRowCount = classRowCount
    self.method = method
  }

  package var changesGrid: Bool { sourceGrid != Array(targetGrid.prefix(2)) }

  package func apply(to table: FloatTensor) throws -> FloatTensor {
    let heads = table.shape[1]
    let source = sourceGrid.map { 2 * $0 - 1 }
    let target = targetGrid.map { 2 * $0 - 1 }
    let down = try weights(from: source[0], to: target[0])
    let across = try weights(from: source[1], to: target[1])
    let rows = target[0] * target[1] * target[2] + classRowCount
    var resized = FloatTensor(shape: try Shape([rows, heads]))
    for head in 0..<heads {
      let plane = (0..<source[0] * source[1]).map { Double(table.values[$0 * heads + head]) }
      let spatial = down.applied(toPlane: plane, columns: across)
      for (position, value) in spatial.enumerated() {
        for offset in 0..<target[2] {
          resized[(position * target[2] + offset) * heads + head] = Float(value)
        }
      }
    }
    let sourceRows = source[0] * source[1]
    for index in 0..<classRowCount * heads {
      resized[(rows - classRowCount) * heads + index] =
        table.values[sourceRows * heads + index]
    }
    return resized
  }

  private func weights(from source: Int, to target: Int) throws -> InterpolationWeights {
    if source == target { return .identity(source) }
    switch method {
    case .bicubic: return .bicubic(from: source, to: target)
    case .geometric: return try .geometric(from: source, to: target)
    }
  }
}
