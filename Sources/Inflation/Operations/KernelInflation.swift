import Diagnostics
import Tensors

/// Turns the kernel of a decoder's 2D convolution `[outputs, inputs, height, width]` into a 3D one's,
/// the axes in the volume's order.
///
/// A transposed convolution whose stride is its kernel's size writes every slice once, so that the
/// kernel stands at every depth index undivided.
///
/// Source: Carreira and Zisserman, "Quo Vadis, Action Recognition?", section 2.4 (inflation).
struct KernelInflation: TensorComputation {
  let shape: Shape
  let strategy: DepthStrategy
  let isTransposed: Bool
  let depthAxis: Int

  /// - Throws: `unsupported-geometry` when the kernels differ in more than the depth.
  init(
    from source: Shape, to shape: Shape, strategy: DepthStrategy, isTransposed: Bool, depthAxis: Int
  ) throws {
    var plane = shape.extents
    guard shape.rank == 5, source.rank == 4 else {
      throw Fault(.unsupportedGeometry, "a kernel \(source) cannot become \(shape)")
    }
    plane.remove(at: 2 + depthAxis)
    guard plane == source.extents else {
      throw Fault(.unsupportedGeometry, "a kernel \(source) cannot become \(shape)")
    }
    self.shape = shape
    self.strategy = strategy
    self.isTransposed = isTransposed
    self.depthAxis = depthAxis
  }

  var action: Action { .inflate }
  var exactness: Exactness {
    // The middle slice alone sees nothing of the zeros beyond the volume's ends.
    let isLocal = strategy == .center && !shape[2 + depthAxis].isMultiple(of: 2)
    return isTransposed || isLocal || shape[2 + depthAxis] == 1 ? .exact : .boundary
  }
  var detail: String {
    "\(isTransposed ? "repeated" : strategy.name) over \(shape[2 + depthAxis]) slices"
  }

  func apply(to inputs: [FloatTensor]) throws -> FloatTensor {
    let depth = shape[2 + depthAxis]
    let weights =
      isTransposed ? [Double](repeating: 1, count: depth) : strategy.weights(depth: depth)
    return try inputs[0].spread(over: weights, at: 2 + depthAxis, shape: shape)
  }
}

/// Spreads the weights of Swin's patch merging over the depth: the projection
/// `[outputs, 2, 2, channels]` to `[outputs, 2, 2, 2, channels]` at half its size, the normalisation
/// `[2, 2, channels]` to `[2, 2, 2, channels]` as it is.
///
/// On a volume that is constant along the depth, the two depth offsets hold the same values; the
/// normalisation's statistics then are those of the four and the projection's halves add up.
struct MergeInflation: TensorComputation {
  let shape: Shape
  let depthAxis: Int
  let isProjection: Bool

  /// - Throws: `unsupported-geometry`.
  init(from source: Shape, to shape: Shape, depthAxis: Int) throws {
    isProjection = shape.rank == 5
    var plane = shape.extents
    guard shape.rank == 4 || shape.rank == 5, source.rank == shape.rank - 1 else {
      throw Fault(.unsupportedGeometry, "a merging \(source) cannot become \(shape)")
    }
    plane.remove(at: depthAxis + (isProjection ? 1 : 0))
    guard plane == source.extents else {
      throw Fault(.unsupportedGeometry, "a merging \(source) cannot become \(shape)")
    }
    self.shape = shape
    self.depthAxis = depthAxis
  }

  var action: Action { .inflate }
  var exactness: Exactness { .exact }
  var detail: String { isProjection ? "halved over 2 slices" : "repeated over 2 slices" }

  func apply(to inputs: [FloatTensor]) throws -> FloatTensor {
    try inputs[0].spread(
      over: isProjection ? [0.5, 0.5] : [1, 1], at: depthAxis + (isProjection ? 1 : 0),
      shape: shape)
  }
}

extension FloatTensor {
  /// A new axis at `axis` along which the tensor stands with each of the weights.
  func spread(over weights: [Double], at axis: Int, shape: Shape) throws -> FloatTensor {
    let inner = shape.extents.dropFirst(axis + 1).reduce(1, *)
    var spread = FloatTensor(shape: shape)
    for outer in 0..<values.count / max(inner, 1) {
      for (slice, weight) in weights.enumerated() where weight != 0 {
        let start = (outer * weights.count + slice) * inner
        for index in 0..<inner {
          spread[start + index] = Float(Double(values[outer * inner + index]) * weight)
        }
      }
    }
    return spread
  }
}
