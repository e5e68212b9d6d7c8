import Architectures
import ArgumentParser
import Diagnostics
import Inflation

/// The options of a conversion as the user gives them.
struct ConversionArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Height, width and number of slices of the 3D model's windows. The source's own size and 5 "
        + "slices by default.", valueName: "H,W,D"),
    transform: ImageSize.init(parsing:))
  var imageSize: ImageSize?

  @Option(help: ArgumentHelp("Input channels of the 3D model.", valueName: "n"))
  var inChannels = 1

  @Option(
    help: ArgumentHelp("Classes of the decoder. The source's by default.", valueName: "n"))
  var outChannels: Int?

  @Option(help: ArgumentHelp("How the 2D kernels spread over the depth.", valueName: "strategy"))
  var patchEmbed = DepthStrategy.average

  @Option(
    help: ArgumentHelp(
      "How the input channels' kernels are joined: sum (exact for grey images), mean or keep.",
      valueName: "strategy"))
  var channels: ChannelStrategy?

  @Option(
    help: ArgumentHelp(
      "How relative-position-bias tables are brought to another grid.", valueName: "method"))
  var relPosResize = BiasResizeMethod.geometric

  @Option(help: ArgumentHelp("The decoder: upernet or none.", valueName: "name"))
  var decoder = DecoderChoice.upernet

  @Option(
    help: ArgumentHelp(
      "Decoder weights that the source lacks: \(DecoderInitialisation.forms).",
      valueName: "from"),
    transform: DecoderInitialisation.init(parsing:))
  var decoderInit = DecoderInitialisation.seeded

  @Option(help: ArgumentHelp("Seed of --decoder-init seeded.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Element type of the stored weights: \(StoredDType.forms.joined(separator: ", ")).",
      valueName: "type"),
    transform: StoredDType.init(parsing:))
  var dtype = StoredDType.keep

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Agree with what a rule loses; may be repeated.", valueName: "rule"))
  var allowLoss: [String] = []

  enum DecoderChoice: String, ExpressibleByArgument, CaseIterable {
    case upernet
    case none
  }

  func validate() throws {
    if inChannels < 1 { throw ValidationError("--in-channels \(inChannels) is not positive") }
    if let outChannels, outChannels < 1 {
      throw ValidationError("--out-channels \(outChannels) is not positive")
    }
    for rule in allowLoss where DropRule(id: rule) == nil {
      let known = DropRule.all.filter(\.changesEncoder).map(\.id).joined(separator: ", ")
      throw ValidationError("--allow-loss \(rule): there is no such rule; known are \(known)")
    }
  }

  /// The options for one source, whose own size stands in for what was not said.
  func options(for model: RecognisedModel) throws -> ConversionOptions {
    var options = try ConversionOptions(
      imageSize: imageSize?.extents ?? Array(model.imageSize().prefix(2)) + [5])
    options.inputChannels = inChannels
    options.outputChannels = outChannels
    options.patchEmbedding = patchEmbed
    options.channels = channels
    options.biasResize = relPosResize
    options.includesDecoder = decoder == .upernet
    options.decoderInitialisation = decoderInit
    options.seed = seed
    options.storedDType = dtype
    options.allowedLosses = Set(allowLoss)
    return options
  }
}

extension DepthStrategy: ExpressibleByArgument {}
extension ChannelStrategy: ExpressibleByArgument {}
extension BiasResizeMethod: ExpressibleByArgument {}
