import Architectures
import Diagnostics
import Kernels
import Tensors

/// Turns a window into tokens: a convolution whose stride is its kernel's size.
///
/// The kernel of an image model, `[hidden, channels, height, width]`, is one of depth 1.
///
/// Where the grid has one layer of tokens, every depth slice is a matrix product of its own, added
/// in slice order to one output. A kernel that is zero but for one slice then gives the very bits of
/// the image model with that slice as its kernel: adding products with zeros changes nothing.
struct PatchEmbedding: Sendable {
  let hidden: Int
  let channels: Int
  /// Height, width, depth.
  let patch: [Int]
  /// Per slice `[hidden, channels · patchHeight · patchWidth]`, the first with the bias.
  private let kernels: [PackedWeights]
  /// The same for a grey window, which stands in every channel: the kernels summed over their
  /// channels in 32-bit floats, first to last.
  private let greyKernels: [PackedWeights]

  init(_ loader: WeightLoader, hidden: Int, channels: Int, patch: [Int]) throws {
    self.hidden = hidden
    self.channels = channels
    self.patch = patch
    let isVolume = loader.model.family.dimensions == 3
    let weights = try loader.values(
      "patchEmbedding.weight",
      shape: [hidden, channels] + (isVolume ? patch : [patch[0], patch[1]])
    )
    let bias = try loader.values("patchEmbedding.bias", count: hidden, orElse: 0)
    let slices = PatchEmbedding.slices(of: weights, rows: hidden, channels: channels, patch)
    func packed(_ slices: [Matrix]) -> [PackedWeights] {
      slices.enumerated().map { PackedWeights($1, bias: $0 == 0 ? bias : nil) }
    }
    kernels = packed(slices)
    greyKernels =
      channels == 1
      ? kernels : packed(slices.map { PatchEmbedding.summedOverChannels($0, channels) })
  }

  /// `[hidden, channels, area, depth]` to `depth` times `[hidden, channels · area]`.
  private static func slices(
    of weights: [Float], rows: Int, channels: Int, _ patch: [Int]
  ) -> [Matrix] {
    let positions = channels * patch[0] * patch[1]
    return (0..<patch[2]).map { slice in
      var values: [Float] = []
      values.reserveCapacity(rows * positions)
      for position in 0..<rows * positions { values.append(weights[position * patch[2] + slice]) }
      return Matrix(rows: rows, columns: positions, values: values)
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

  /// The grid of tokens that a window gives: rows, columns, layers. A last patch that the window
  /// does not fill is completed with zeros.
  func grid(for window: Shape) -> [Int] {
    zip([window[2], window[3], window[1]], patch).map { ($0 + $1 - 1) / $1 }
  }

  /// - Parameters:
  ///   - window: `[channels, depth, height, width]`, or one channel for all of the model's
  ///   - output: `[tokens, hidden]`, row by row of the grid, layer by layer in each column
  func apply(to window: FloatTensor, workspace: Workspace, into output: Matrix) {
    let grid = grid(for: window.shape)
    let window = PatchEmbedding.padded(
      window, depth: grid[2] * patch[2], height: grid[0] * patch[0], width: grid[1] * patch[1])
    let channels = window.shape[0]
    let kernels = channels == self.channels ? kernels : greyKernels
    let plane = grid[0] * grid[1]
    let patches = Matrix(rows: plane, columns: kernels[0].inputs, from: workspace)
    // The tokens of one layer lie `grid[2]` rows apart.
    let lines = output.reshaped(rows: plane, columns: grid[2] * hidden)
    for layer in 0..<grid[2] {
      let tokens = lines.columns(layer * hidden..<(layer + 1) * hidden)
      for (slice, kernel) in kernels.enumerated() {
        extractPatches(
          from: window.values, channels: channels, depth: window.shape[1],
          height: window.shape[2], width: window.shape[3], slice: layer * patch[2] + slice,
          patchHeight: patch[0], patchWidth: patch[1], into: patches)
        multiply(patches, by: kernel, accumulate: slice > 0, into: tokens)
      }
    }
  }

  private static func padded(
    _ window: FloatTensor, depth: Int, height: Int, width: Int
  ) -> FloatTensor {
    let (channels, slices, rows, columns) = (
      window.shape[0], window.shape[1], window.shape[2], window.shape[3]
    )
    guard [depth, height, width] != [slices, rows, columns],
      let shape = try? Shape([channels, depth, height, width])
    else { return window }
    var result = FloatTensor(shape: shape)
    for line in 0..<channels * slices * rows {
      let (plane, y) = line.quotientAndRemainder(dividingBy: rows)
      let (channel, z) = plane.quotientAndRemainder(dividingBy: slices)
      let target = ((channel * depth + z) * height + y) * width
      for x in 0..<columns { result[target + x] = window.values[line * columns + x] }
    }
    return result
  }
}
