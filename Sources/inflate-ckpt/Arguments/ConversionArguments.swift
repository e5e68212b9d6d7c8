import Architectures
import ArgumentParser
import Diagnostics
import Inflation

/// The options of a conversion as the user gives them.
struct ConversionArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Extents of the 3D model's input in the volume's axis order. For the paper's models the "
        + "source's own size and 5 slices by default.", valueName: "H,W,D"),
    transform: ImageSize.init(parsing:))
  var imageSize: ImageSize?

  @Option(
    help: ArgumentHelp(
      "Extents of a patch. The target's usual ones by default.", valueName: "h,w,d"),
    transform: ImageSize.init(parsing:))
  var patchSize: ImageSize?

  @Option(
    help: ArgumentHelp(
      "Extents of an attention window. The target's usual ones by default.", valueName: "h,w,d"),
    transform: ImageSize.init(parsing:))
  var window: ImageSize?

  @Option(
    help: ArgumentHelp("The axis of the volume through its slices: 0, 1 or 2.", valueName: "n"))
  var depthAxis = 2

  @Option(help: ArgumentHelp("Input channels of the 3D model.", valueName: "n"))
  var inChannels = 1

  @Option(
    help: ArgumentHelp("Classes of the decoder. The source's by default.", valueName: "n"))
  var outChannels: Int?

  @Option(help: ArgumentHelp("Channels of the first stage or of the decoder.", valueName: "n"))
  var featureSize: Int?

  @Option(
    help: ArgumentHelp(
      "The release that the target's names are for: monai-1.6.", valueName: "release"))
  var targetVersion: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "An argument that the target is built with, such as proj_type=perceptron; may be repeated.",
      valueName: "name=value"))
  var targetOption: [String] = []

  @Option(
    help: ArgumentHelp(
      "How the 2D kernels spread over the depth: \(DepthStrategy.forms).", valueName: "strategy"),
    transform: DepthStrategy.init(parsing:))
  var patchEmbed = DepthStrategy.average

  @Option(
    help: ArgumentHelp(
      "How the input channels' kernels are joined: \(ChannelStrategy.forms).",
      valueName: "strategy"),
    transform: ChannelStrategy.init(parsing:))
  var channels: ChannelStrategy?

  @Option(
    help: ArgumentHelp(
      "How position embeddings spread over the depth: \(PositionDepthStrategy.forms).",
      valueName: "strategy"),
    transform: PositionDepthStrategy.init(parsing:))
  var posEmbed = PositionDepthStrategy.tile

  @Option(
    help: ArgumentHelp("How position embeddings are brought to another grid.", valueName: "method"))
  var posEmbedResize = PositionResizeMethod.bicubicAntialiased

  @Option(
    help: ArgumentHelp(
      "How relative position biases spread over the depth: \(BiasDepthStrategy.forms).",
      valueName: "strategy"),
    transform: BiasDepthStrategy.init(parsing:))
  var relPos = BiasDepthStrategy.tile

  @Option(
    help: ArgumentHelp(
      "How relative-position-bias tables are brought to another grid.", valueName: "method"))
  var relPosResize = BiasResizeMethod.geometric

  @Option(
    help: ArgumentHelp(
      "The decoder: upernet, setr-pup, … or none. The source's own or the target's usual one by "
        + "default.", valueName: "name"))
  var decoder: String?

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

  @Option(
    help: ArgumentHelp("Do as the paper's own loader does, quirks included.", valueName: "code"))
  var compat: Compatibility?

  enum Compatibility: String, ExpressibleByArgument, CaseIterable {
    case transseg
  }

  func validate() throws {
    if inChannels < 1 { throw ValidationError("--in-channels \(inChannels) is not positive") }
    if let outChannels, outChannels < 1 {
      throw ValidationError("--out-channels \(outChannels) is not positive")
    }
    if !(0...2).contains(depthAxis) {
      throw ValidationError("--depth-axis \(depthAxis) is none of 0, 1, 2")
    }
    if let featureSize, featureSize < 1 {
      throw ValidationError("--feature-size \(featureSize) is not positive")
    }
    for option in targetOption where !option.dropFirst().dropLast().contains("=") {
      throw ValidationError("--target-option \(printable(option)): write name=value")
    }
    for rule in allowLoss where DropRule(id: rule) == nil {
      let known = DropRule.all.filter(\.changesEncoder).map(\.id).joined(separator: ", ")
      throw ValidationError("--allow-loss \(rule): there is no such rule; known are \(known)")
    }
  }

  /// The options for one source, whose own size stands in for what was not said where the target is
  /// made for one image size.
  func options(for model: RecognisedModel, target: Family) throws -> ConversionOptions {
    var extents = imageSize?.extents
    if extents == nil, target.geometry.depthAxis != nil, let own = try? model.imageSize() {
      extents = Array(own.prefix(2)) + [5]
    }
    var options = try ConversionOptions(imageSize: extents)
    options.patchSize = patchSize?.extents
    options.window = window?.extents
    options.depthAxis = depthAxis
    options.inputChannels = inChannels
    options.outputChannels = outChannels
    options.featureSize = featureSize
    options.targetOptions = try targetOptions(of: target)
    options.patchEmbedding = patchEmbed
    options.channels = channels
    options.positionDepth = posEmbed
    options.positionResize = posEmbedResize
    options.biasDepth = relPos
    options.biasResize = relPosResize
    options.includesDecoder = decoder != "none"
    options.decoderID = decoder == "none" ? nil : decoder
    options.decoderInitialisation = decoderInit
    options.seed = seed
    options.storedDType = dtype
    options.allowedLosses = Set(allowLoss)
    options.isTransSegCompatible = compat == .transseg
    return options
  }

  private func targetOptions(of target: Family) throws -> [String: String] {
    var options: [String: String] = [:]
    for option in targetOption {
      let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
      guard options.updateValue(parts[1], forKey: parts[0]) == nil else {
        throw Fault(.usage, "--target-option \(printable(parts[0])) is given twice")
      }
    }
    if let targetVersion {
      let name = target.id.split(separator: "-").first.map(String.init) ?? ""
      guard targetVersion.hasPrefix("\(name)-"),
        target.options.contains(where: { $0.name == "version" })
      else {
        throw Fault(
          .usage, "\(target.title) has no release \"\(printable(targetVersion))\"",
          remedy: target.options.first { $0.name == "version" }.map { option in
            "say one of \(option.values.map { "\(name)-\($0)" }.joined(separator: ", "))"
          } ?? "leave out --target-version")
      }
      options["version"] = String(targetVersion.dropFirst(name.count + 1))
    }
    return options
  }
}

extension PositionResizeMethod: ExpressibleByArgument {}
extension BiasResizeMethod: ExpressibleByArgument {}
