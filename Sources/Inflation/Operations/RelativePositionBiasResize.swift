import Diagnostics
import Tensors

/// Brings a relative-position-bias table `[rows + class rows, heads]` of one window to another's.
///
/// Rows run over the offsets along the window's axes, (Δh, Δw) or, in 3D, the volume's three, the
/// last fastest; the rows of BEiT's class token stand at the end and stay as they are.
package struct RelativePositionBiasResize: TensorComputation, Equatable {
  package let shape: Shape
  /// Places along the axes of the source's window or grid: two of them, or three.
  package let sourceGrid: [Int]
  /// Places along the three axes of the target's.
  package let targetGrid: [Int]
  package let depthAxis: Int
  package let classRowCount: Int
  package let method: BiasResizeMethod
  package let depth: BiasDepthStrategy

  /// - Throws: `unsupported-geometry` when the source's table has not the rows of its grid.
  package init(
    from source: Shape, sourceGrid: [Int], targetGrid: [Int], depthAxis: Int = 2,
    classRowCount: Int, method: BiasResizeMethod, depth: BiasDepthStrategy = .tile
  ) throws {
    let rows = { (grid: [Int]) in grid.reduce(1) { $0 * (2 * $1 - 1) } + classRowCount }
    guard source.rank == 2, source[0] == rows(sourceGrid), targetGrid.count == 3,
      [2, 3].contains(sourceGrid.count), (sourceGrid + targetGrid).allSatisfy({ $0 > 0 })
    else {
      throw Fault(
        .unsupportedGeometry,
        "a table \(source) is none of a window of "
          + sourceGrid.map(String.init).joined(separator: "×"))
    }
    shape = try Shape([rows(targetGrid), source[1]])
    self.sourceGrid = sourceGrid
    self.targetGrid = targetGrid
    self.depthAxis = depthAxis
    self.classRowCount = classRowCount
    self.method = method
    self.depth = depth
  }

  /// The axes that both tables have, in the target.
  private var planeGrid: [Int] {
    var grid = targetGrid
    if sourceGrid.count == 2 { grid.remove(at: depthAxis) }
    return grid
  }

  package var changesGrid: Bool { sourceGrid != planeGrid }

  /// Whether the table stays as it is.
  package var isIdentity: Bool {
    !changesGrid && (sourceGrid.count == 3 || targetGrid[depthAxis] == 1)
  }

  package var action: Action { changesGrid ? .resize : .inflate }

  package var exactness: Exactness {
    changesGrid || (depth != .tile && targetGrid[depthAxis] > 1) ? .resized : .exact
  }

  package var detail: String {
    let grids =
      "\(sourceGrid.map(String.init).joined(separator: "×")) → "
      + targetGrid.map(String.init).joined(separator: "×")
    let isDeep = sourceGrid.count == 2 && targetGrid[depthAxis] > 1
    return [
      changesGrid ? "\(method.rawValue) \(grids)" : grids, isDeep ? "depth \(depth.name)" : nil,
    ].compactMap { $0 }.joined(separator: ", ")
  }

  package func apply(to inputs: [FloatTensor]) throws -> FloatTensor {
    let table = inputs[0]
    let heads = shape[1]
    let sourceRows = sourceGrid.reduce(1) { $0 * (2 * $1 - 1) }
    let offsets = sourceGrid.map { 2 * $0 - 1 }
    var spatial = try FloatTensor(
      shape: Shape(offsets + [heads]), values: Array(table.values.prefix(sourceRows * heads)))
    for (axis, (from, to)) in zip(sourceGrid, planeGrid).enumerated() where from != to {
      spatial = try weights(from: 2 * from - 1, to: 2 * to - 1).applied(to: spatial, axis: axis)
    }
    if sourceGrid.count == 2 {
      spatial = try spatial.spread(
        over: depth.weights(window: targetGrid[depthAxis]), at: depthAxis,
        shape: Shape(targetGrid.map { 2 * $0 - 1 } + [heads]))
    }
    return try FloatTensor(
      shape: shape, values: spatial.values + table.values.suffix(classRowCount * heads))
  }

  private func weights(from source: Int, to target: Int) throws -> InterpolationWeights {
    switch method {
    case .bicubic: .bicubic(from: source, to: target)
    case .geometric: try .geometric(from: source, to: target)
    }
  }
}
