import Diagnostics
import Tensors

/// Turns a 2D patch-embedding kernel `[hidden, channels, height, width]` into a 3D one
/// `[hidden, channels, depth, height, width]`.
///
/// Source: Zhang et al., "Adapting Pre-trained Vision Transformers from 2D to 3D through Weight
/// Inflation", section 3, and the authors' loader.
package struct PatchEmbeddingInflation: Sendable, Equatable {
  package let depth: Int
  package let strategy: DepthStrategy
  package let targetChannels: Int
  package let channels: ChannelStrategy

  package func apply(to kernel: FloatTensor) throws -> FloatTensor {
    let hidden = kernel.shape[0]
    let area = kernel.shape[2] * kernel.shape[3]
    let planes = combineChannels(of: kernel, area: area)
    let shape = try Shape([hidden, targetChannels, depth, kernel.shape[2], kernel.shape[3]])
    var inflated = FloatTensor(shape: shape)
    for plane in 0..<hidden * targetChannels {
      for slice in 0..<depth {
        guard strategy == .average || slice == depth / 2 else { continue }
        let divisor: Float = strategy == .average ? Float(depth) : 1
        let start = (plane * depth + slice) * area
        for index in 0..<area {
          inflated[start + index] = planes[plane * area + index] / divisor
        }
      }
    }
    return inflated
  }

  /// The kernel over the target's channels, `[hidden, target channels, area]`.
  private func combineChannels(of kernel: FloatTensor, area: Int) -> [Float] {
    if channels == .keep { return kernel.values }
    let (hidden, sourceChannels) = (kernel.shape[0], kernel.shape[1])
    let divisor = Float(channels == .sum ? targetChannels : sourceChannels)
    var combined = [Float](repeating: 0, count: hidden * targetChannels * area)
    for output in 0..<hidden {
      for index in 0..<area {
        var sum: Float = 0
        for channel in 0..<sourceChannels {
          sum += kernel.values[(output * sourceChannels + channel) * area + index]
        }
        for channel in 0..<targetChannels {
          combined[(output * targetChannels + channel) * area + index] = sum / divisor
        }
      }
    }
    return combined
  }
}
