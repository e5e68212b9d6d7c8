import Diagnostics
import Tensors

/// What the user asks of a conversion, beyond the source and the target's name.
package struct ConversionOptions: Sendable {
  /// Height, width and number of slices of the windows that the 3D model will see, in voxels.
  package var imageSize: [Int]
  package var inputChannels = 1
  /// The number of classes, or nil to keep the source decoder's.
  package var outputChannels: Int?
  package var patchEmbedding = DepthStrategy.average
  /// How the source's input channels become the target's; nil keeps equal numbers and sums others.
  package var channels: ChannelStrategy?
  package var biasResize = BiasResizeMethod.geometric
  package var includesDecoder = true
  package var decoderInitialisation = DecoderInitialisation.seeded
  package var seed: UInt64 = 0
  package var storedDType: StoredDType = .keep
  package var decoderLayers: [Int]?
  /// Ids of the rules whose loss the user agrees with.
  package var allowedLosses: Set<String> = []

  /// - Throws: `usage` when the image size is not three positive numbers.
  package init(imageSize: [Int]) throws {
    guard imageSize.count == 3, imageSize.allSatisfy({ (1...1 << 16).contains($0) }) else {
      throw Fault(
        .usage, "image size \(imageSize) is not height, width and number of slices",
        remedy: "for example --image-size 512,512,5")
    }
    self.imageSize = imageSize
  }

  /// What the record in the output says of the options.
  var recorded: [String: String] {
    var options = [
      "patch-embed": patchEmbedding.rawValue, "rel-pos-resize": biasResize.rawValue,
      "dtype": storedDType.name,
    ]
    options["channels"] = channels?.rawValue
    if includesDecoder, decoderInitialisation.isSeeded { options["seed"] = String(seed) }
    return options
  }
}

/// How a 2D patch-embedding kernel spreads over the depth of a 3D one. All sum to the 2D kernel.
package enum DepthStrategy: String, Sendable, CaseIterable {
  /// The kernel divided by the depth, at every slice ("inflation" in the paper).
  case average
  /// The kernel at slice ⌊D/2⌋, zeros elsewhere ("centering" in the paper).
  case center
}

/// How kernels over the source's input channels become kernels over the target's.
package enum ChannelStrategy: String, Sendable, CaseIterable {
  /// Each target channel gets the sum over the source's, divided by the number of target channels:
  /// exact when every source channel carried the same grey image (the paper's rule).
  case sum
  /// Each target channel gets the mean over the source's.
  case mean
  /// The channels as they are; needs equal numbers.
  case keep
}

/// How a relative-position-bias table is brought to another grid.
package enum BiasResizeMethod: String, Sendable, CaseIterable {
  /// BEiT's: a spline over knots that grow geometrically from the centre.
  case geometric
  /// PyTorch's bicubic interpolation without antialiasing.
  case bicubic
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
