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
  init(_ model: RecognisedModel, _ geometry: SegmenterGeometry, source: any TensorSource) {
    let stored = model.tensors.values.reduce(0.0) { total, tensor in
      total + Double(source.description(of: tensor.key)?.shape.elementCount ?? 0)
    }
    let tokens = Double(geometry.gridHeight) * Double(geometry.gridWidth)
    let hidden = Double(geometry.hidden)
    let patch =
      Double(geometry.channels) * Double(geometry.patchHeight) * Double(geometry.patchWidth)
    let window = tokens * patch * Double(geometry.patchDepth)
    let encoder =
      tokens * (9 * hidden + Double(geometry.mlp) + patch + 128.0 * Double(Parallelism.threadCount))
    let channels = Double(model.parameters["decoderChannels"] ?? 0)
    let classes = Double(model.parameters["classes"] ?? 0)
    // The finest maps have 16 pixels a token: four levels side by side and one more of each kind;
    // a block of tiles for the convolutions; the scores twice at 256 a token.
    let maps = tokens * (16 * (6 * channels + 2 * hidden) + 2 * 256 * classes)
    let tiles = 36 * min(256, tokens) * 5 * channels
    // Three convolutions of the pyramid and the fusion may be kept four times as large.
    let transformed = model.hasDecoder ? 27 * channels * (3 * channels + 4 * channels) : 0
    weights = 4 * (stored + transformed)
    activations = 4 * (2 * window + encoder + (model.hasDecoder ? maps + tiles : 0))
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
