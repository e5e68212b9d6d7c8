import Architectures
import Diagnostics
import Glibc
import Kernels
import Tensors

/// What a model will take, known before any of it is allocated.
package struct MemoryEstimate: Sendable, Equatable {
  /// Bytes of the weights as they are kept in memory.
  package let weights: Double
  /// Bytes of the intermediate results of one window, at most.
  package let activations: Double

  package var total: Double { weights + activations }

  /// Extents from untrusted files multiply beyond 63 bits; doubles do not mind.
  init(_ model: RecognisedModel, _ requirement: WindowRequirement, source: any TensorSource) {
    let stored = model.tensors.values.reduce(0.0) { total, tensor in
      total + Double(source.description(of: tensor.key)?.shape.elementCount ?? 0)
    }
    let extents = requirement.usualExtents.map(Double.init)
    let window = extents.reduce(1, *)
    let parameter = { (name: String) in Double(model.parameters[name] ?? 0) }
    let patch = parameter("patchHeight") * parameter("patchWidth") * max(1, parameter("patchDepth"))
    let tokens = window / max(1, extents[0] * patch)
    let hidden = max(parameter("hidden"), parameter("embedding"))
    let encoder =
      tokens * (9 * hidden + parameter("mlp") + extents[0] * patch)
      + tokens * 128 * Double(Parallelism.threadCount)
    let volume = MemoryEstimate.volumeDecoder(model, window / max(1, extents[0]))
    let image = MemoryEstimate.imageDecoder(model, tokens: tokens, hidden: hidden)
    let isVolume = model.family.id.hasPrefix("monai-")
    let decoder = !model.hasDecoder ? (0, 0) : isVolume ? volume : image
    weights = 4 * (stored + decoder.0)
    activations = 4 * (2 * window + encoder + decoder.1)
  }

  /// Floats of transformed weights and of maps. The finest maps have 16 pixels a token: four levels
  /// side by side and one more of each kind; a block of tiles for the convolutions; the scores
  /// twice at 256 a token. Three convolutions of the pyramid and the fusion may be kept four times
  /// as large.
  private static func imageDecoder(
    _ model: RecognisedModel, tokens: Double, hidden: Double
  ) -> (weights: Double, maps: Double) {
    let channels = Double(model.parameters["decoderChannels"] ?? model.parameters["hidden"] ?? 0)
    let classes = Double(model.parameters["classes"] ?? 0)
    let maps = tokens * (16 * (6 * channels + 2 * hidden) + 2 * 256 * classes)
    let tiles = 36 * min(256, tokens) * 5 * channels
    return (27 * channels * (3 * channels + 4 * channels), maps + tiles)
  }

  /// At the window's own resolution: two maps side by side, two of the last block's, the scores
  /// twice; an eighth of that for everything coarser. Convolutions of maps from 12 × 12 × 12 up
  /// may be kept eight times as large.
  private static func volumeDecoder(
    _ model: RecognisedModel, _ voxels: Double
  ) -> (weights: Double, maps: Double) {
    let width = Double(model.parameters["featureSize"] ?? model.parameters["embedding"] ?? 0)
    let classes = Double(model.parameters["classes"] ?? 0)
    return (216 * width * width * 25, voxels * (4.5 * width + 2 * classes))
  }
}

extension MemoryEstimate {
  /// - Throws: `over-limit` with the figure that would be needed.
  func check(against limit: Int?) throws {
    let limit = limit.map(Double.init) ?? MemoryEstimate.physicalMemory
    guard total > limit else { return }
    throw Fault(
      .overLimit,
      "running the model takes about \(Self.megabytes(total)) MB of memory; "
        + "\(Self.megabytes(limit)) MB are allowed",
      remedy: "use a smaller image size, or a machine with more memory")
  }

  private static func megabytes(_ bytes: Double) -> String {
    // Beyond that many digits nobody counts, and an Int could not.
    bytes < 1e18 ? String(Int(bytes / 1e6)) : "more than 10^12"
  }

  private static var physicalMemory: Double {
    Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
  }
}
