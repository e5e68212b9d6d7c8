import Architectures
import Kernels
import Tensors

/// Turns a window of slices into tokens: a convolution whose stride is its kernel's size.
///
/// The kernel of an image model, `[hidden, channels, height, width]`, is one of depth 1.
///
/// Every depth slice is a matrix product of its own, added in slice order to one output. A kernel
/// that is zero but for one slice then gives the very bits of the image model with that slice as
/// its kernel: adding products with zeros changes nothing.
struct PatchEmbedding: Sendable {
  private let geometry: SegmenterGeometry
  private let bias: [Float]
  /// Per slice `[hidden, channels · patchHeight · patchWidth]`.
  private let kernels: [Matrix]
  /// The same for a grey window, which stands in every channel: the kernels summed over their
  /// channels in 32-bit floats, first to last.
  private let greyKernels: [Matrix]

  init(_ loader: WeightLoader, _ geometry: SegmenterGeometry) throws {
    self.geometry = geometry
    let plane = [geometry.patchHeight, geometry.patchWidth]
    let depth = loader.model.parameters["patchDepth"].map { [$0] } ?? []
    let weights = try loader.values(
      "patchEmbedding.weight", shape: [geometry.hidden, geometry.channels] + plane + depth)
    bias = try loader.values("patchEmbedding.bias", shape: [geometry.hidden])
    kernels = PatchEmbedding.slices(of: weights, geometry)
    greyKernels =
      geometry.channels == 1
      ? kernels : kernels.map { PatchEmbedding.summedOverChannels($0, geometry.channels) }
  }

  /// `[hidden, channels, area, depth]` to `depth` times `[hidden, channels · area]`.
  private static func slices(of weights: [Float], _ geometry: SegmenterGeometry) -> [Matrix] {
    let area = geometry.patchHeight * geometry.patchWidth
    let rows = geometry.hidden * geometry.channels
    return (0..<geometry.patchDepth).map { slice in
      var values: [Float] = []
      values.reserveCapacity(rows * area)
      for position in 0..<rows * area {
        values.append(weights[position * geometry.patchDepth + slice])
      }
      return Matrix(rows: geometry.hidden, columns: geometry.channels * area, values: values)
    }
  }

  private static func summedOverChannels(_ kernel: Matrix, _ channels: Int) -> Matrix {
    let area = kernel.columnCount / channels
    let values = kernel.values
    var sums = [Float](repeating: 0, count: kernel.rowCount * area)
    for row in 0..<kernel.rowCount {
      for element in 0..<area {
        var sum = values[row * kernel.columnCount + element]
        for channel in 1..<channels {
          sum += values[row * kernel.columnCount + channel * area + element]
        }
        sums[row * area + element] = sum
      }
    }
    return Matrix(rows: kernel.rowCount, columns: area, values: sums)
  }

  /// - Parameters:
  ///   - window: `[channels, depth, height, width]`, or one channel for all of the model's
  ///   - output: `[tokens, hidden]`
  func apply(to window: FloatTensor, workspace: Workspace, into output: Matrix) {
    let channels = window.shape[0]
    let kernels = channels == geometry.channels ? kernels : greyKernels
    let patches = Matrix(
      rows: geometry.tokenCount, columns: kernels[0].columnCount, from: workspace)
    for (slice, kernel) in kernels.enumerated() {
      extractPatches(
        from: window.values, channels: channels, depth: geometry.patchDepth,
        height: geometry.imageHeight, width: geometry.imageWidth, slice: slice,
        patchHeight: geometry.patchHeight, patchWidth: geometry.patchWidth, into: patches)
      multiply(
        patches, byTransposed: kernel, bias: slice == 0 ? bias : nil, accumulate: slice > 0,
        into: output)
    }
  }
}
