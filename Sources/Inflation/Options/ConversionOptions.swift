import Architectures
import Diagnostics
import Tensors

/// What the user asks of a conversion, beyond the source and the target's name.
package struct ConversionOptions: Sendable {
  /// Height, width and depth of the windows that the 3D model will see, in voxels and in the
  /// volume's axis order; nil where the target needs none.
  package var imageSize: [Int]?
  /// Extents of a patch in the volume's axis order; nil for the target's own.
  package var patchSize: [Int]?
  /// Extents of an attention window in the volume's axis order; nil for the target's own.
  package var window: [Int]?
  /// The axis of the volume that runs through the slices: 0, 1 or 2.
  package var depthAxis = 2
  package var inputChannels = 1
  /// The number of classes, or nil to keep the source decoder's.
  package var outputChannels: Int?
  /// Channels of the target's first stage, where that may be chosen.
  package var featureSize: Int?
  /// What the target is built with or without, by its family's options.
  package var targetOptions: [String: String] = [:]
  package var patchEmbedding = DepthStrategy.average
  /// How the source's input channels become the target's; nil keeps equal numbers and sums others.
  package var channels: ChannelStrategy?
  package var positionDepth = PositionDepthStrategy.tile
  package var positionResize = PositionResizeMethod.bicubicAntialiased
  package var biasDepth = BiasDepthStrategy.tile
  package var biasResize = BiasResizeMethod.geometric
  package var includesDecoder = true
  /// The family of the decoder, or nil for the source's own or else the target's usual one.
  package var decoderID: String?
  package var decoderInitialisation = DecoderInitialisation.seeded
  package var seed: UInt64 = 0
  package var storedDType: StoredDType = .keep
  /// Blocks counted from 0: those that feed the decoder or, for a target without a choice of them,
  /// those of the source that become the target's.
  package var layers: [Int]?
  /// Ids of the rules whose loss the user agrees with.
  package var allowedLosses: Set<String> = []
  /// Whether to do what the paper's loader does, quirks included.
  package var isTransSegCompatible = false

  /// - Throws: `usage` when the image size is not three positive numbers.
  package init(imageSize: [Int]? = nil) throws {
    if let imageSize {
      guard imageSize.count == 3, imageSize.allSatisfy({ (1...1 << 16).contains($0) }) else {
        throw Fault(
          .usage, "image size \(imageSize) is not height, width and number of slices",
          remedy: "for example --image-size 512,512,5")
      }
    }
    self.imageSize = imageSize
  }

  /// The same with what the loader of the paper's own target does, when that was asked for: kernels
  /// are summed over the channels even where their number stays, and tables of windows are resized
  /// without the geometric progression.
  func followingPaper(to target: Family) -> ConversionOptions {
    guard isTransSegCompatible else { return self }
    var options = self
    if target.id.hasPrefix("transseg-") { options.channels = channels ?? .sum }
    if target.uses("windowHeight") { options.biasResize = .bicubic }
    return options
  }
}

/// Where decoder weights come from that the source does not have.
package enum DecoderInitialisation: Sendable, Equatable {
  /// PyTorch's default distribution of each layer, reproducible from the seed.
  case seeded
  case zeros
  /// The tensors are left out of the output.
  case omit
  /// Another checkpoint, whose tensors are taken by their target names.
  case file(String)

  package static let forms = "seeded, zeros, omit, from:FILE"

  /// - Throws: `usage` when the text is none of ``forms``.
  package init(parsing text: String) throws {
    switch text {
    case "seeded": self = .seeded
    case "zeros": self = .zeros
    case "omit": self = .omit
    case _ where text.hasPrefix("from:") && text.count > 5: self = .file(String(text.dropFirst(5)))
    default:
      throw Fault(
        .usage, "\"\(printable(text))\" is no way to initialise a decoder",
        remedy: "say one of \(DecoderInitialisation.forms)")
    }
  }

  var isSeeded: Bool { self == .seeded }
}

/// The element type that floating-point tensors are stored in.
package enum StoredDType: Sendable, Equatable {
  /// Each tensor's own.
  case keep
  case all(DType)

  package static let forms = ["keep", "f32", "f16", "bf16"]

  /// - Throws: `usage` when the text is none of ``forms``.
  package init(parsing text: String) throws {
    switch text.lowercased() {
    case "keep": self = .keep
    case "f32": self = .all(.f32)
    case "f16": self = .all(.f16)
    case "bf16": self = .all(.bf16)
    default:
      throw Fault(
        .usage, "\"\(printable(text))\" is no element type to store weights in",
        remedy: "say one of \(StoredDType.forms.joined(separator: ", "))")
    }
  }

  var name: String {
    switch self {
    case .keep: "keep"
    case .all(let dtype): dtype.rawValue.lowercased()
    }
  }

  func dtype(for original: DType) -> DType {
    guard original.isFloatingPoint, case .all(let dtype) = self else { return original }
    return dtype
  }
}
