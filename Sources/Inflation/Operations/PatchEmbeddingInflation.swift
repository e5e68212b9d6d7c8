import Diagnostics
import Tensors

/// Turns a patch-embedding kernel into another geometry's: 2D `[hidden, channels, height, width]` or
/// 3D `[hidden, channels, height, width, depth]` into 3D, the axes in the volume's order.
///
/// Source: Zhang et al., "Adapting Pre-trained Vision Transformers from 2D to 3D through Weight
/// Inflation", section 3, and the authors' loader; Beyer et al., FlexiViT, section 3.4, for the
/// resizing of patches.
package struct PatchEmbeddingInflation: TensorComputation, Equatable {
  package let shape: Shape
  package let strategy: DepthStrategy
  package let channels: ChannelStrategy
  /// The axis of the volume that runs through the slices: 0, 1 or 2.
  package let depthAxis: Int
  private let source: Shape

  /// - Parameters:
  ///   - source: the kernel's shape
  ///   - shape: the shape that it is to have, `[hidden, channels, height, width, depth]`
  /// - Throws: `unsupported-geometry` when the strategies cannot make one of the other.
  package init(
    from source: Shape, to shape: Shape, strategy: DepthStrategy, channels: ChannelStrategy,
    depthAxis: Int
  ) throws {
    guard shape.rank == 5, source.rank == 4 || source.rank == 5, source[0] == shape[0] else {
      throw Fault(
        .unsupportedGeometry, "a kernel \(source) cannot become \(shape)",
        remedy: source.rank > 1 && shape.rank > 1 && source[0] != shape[0]
          ? "choose a target of hidden size \(source[0])" : nil)
    }
    try channels.check(from: source[1], to: shape[1])
    self.shape = shape
    self.source = source
    self.strategy = strategy
    self.channels = channels
    self.depthAxis = depthAxis
  }

  package var action: Action { source.rank == 4 ? .inflate : .resize }

  package var detail: String {
    var detail =
      source.rank == 4
      ? "\(strategy.name) over \(shape[2 + depthAxis]) slices, channels \(channels.name)"
      : "channels \(channels.name)"
    let (old, new) = planeExtents
    if old != new {
      detail +=
        ", patches \(old.map(String.init).joined(separator: "×")) → "
        + new.map(String.init).joined(separator: "×")
    }
    return detail
  }

  package var exactness: Exactness {
    let (old, new) = planeExtents
    return old == new && channels.isExact(from: source[1], to: shape[1]) ? .exact : .resized
  }

  /// The spatial extents that both kernels have: without the depth where the source has none.
  private var planeExtents: (old: [Int], new: [Int]) {
    var new = Array(shape.extents.dropFirst(2))
    if source.rank == 4 { new.remove(at: depthAxis) }
    return (Array(source.extents.dropFirst(2)), new)
  }

  package func apply(to inputs: [FloatTensor]) throws -> FloatTensor {
    let (old, new) = planeExtents
    var kernel = try channels.apply(to: inputs[0], targetChannels: shape[1])
    for axis in old.indices where old[axis] != new[axis] {
      let weights = try InterpolationWeights.patchResize(
        from: old[axis], to: new[axis], linear: strategy == .trilinear)
      kernel = try weights.applied(to: kernel, axis: axis + 2)
    }
    guard source.rank == 4 else { return kernel }
    return try kernel.spread(
      over: strategy.weights(depth: shape[2 + depthAxis]), at: 2 + depthAxis, shape: shape)
  }
}
