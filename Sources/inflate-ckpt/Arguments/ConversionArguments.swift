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
    help: ArgumentHelp(
      "The axis of the volume through its slices: 0, 1 or 2, the last by default.", valueName: "n"))
  var depthAxis: Int?

  @Option(
    help: ArgumentHelp("Input channels of the 3D model, 1 by default.", valueName: "n"))
  var inChannels: Int?

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
      "How the 2D kernels spread over the depth: \(DepthStrategy.forms). The first by default.",
      valueName: "strategy"),
    transform: DepthStrategy.init(parsing:))
  var patchEmbed: DepthStrategy?

  @Option(
    help: ArgumentHelp(
      "How the input channels' kernels are joined: \(ChannelStrategy.forms).",
      valueName: "strategy"),
    transform: ChannelStrategy.init(parsing:))
  var channels: ChannelStrategy?

  @Option(
    help: ArgumentHelp(
      "How position embeddings spread over the depth: \(PositionDepthStrategy.forms). The first by "
        + "default.", valueName: "strategy"),
    transform: PositionDepthStrategy.init(parsing:))
  var posEmbed: PositionDepthStrategy?

  @Option(
    help: ArgumentHelp(
      "How position embeddings are brought to another grid. The first by default.",
      valueName: "method"))
  var posEmbedResize: PositionResizeMethod?

  @Option(
    help: ArgumentHelp(
      "How relative position biases spread over the depth: \(BiasDepthStrategy.forms). The first by "
        + "default.", valueName: "strategy"),
    transform: BiasDepthStrategy.init(parsing:))
  var relPos: BiasDepthStrategy?

  @Option(
    help: ArgumentHelp(
      "How relative-position-bias tables are brought to another grid. The first by default.",
      valueName: "method"))
  var relPosResize: BiasResizeMethod?

  @Option(
    help: ArgumentHelp(
      "The decoder: upernet, setr-pup, … or none. The source's own or the target's usual one by "
        + "default.", valueName: "name"))
  var decoder: String?

  @Option(
    help: ArgumentHelp(
      "Decoder weights that the source lacks: \(DecoderInitialisation.forms). The first by default.",
      valueName: "from"),
    transform: DecoderInitialisation.init(parsing:))
  var decoderInit: DecoderInitialisation?

  @Option(help: ArgumentHelp("Seed of --decoder-init seeded, 0 by default.", valueName: "n"))
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "Element type of the stored weights: \(StoredDType.forms.joined(separator: ", ")). The first "
        + "by default.", valueName: "type"),
    transform: StoredDType.init(parsing:))
  var dtype: StoredDType?

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
    if let inChannels, inChannels < 1 {
      throw ValidationError("--in-channels \(inChannels) is not positive")
    }
    if let outChannels, outChannels < 1 {
      throw ValidationError("--out-channels \(outChannels) is not positive")
    }
    if let depthAxis, !(0...2).contains(depthAxis) {
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
  ///
  /// - Parameter recipe: what holds where the command line says nothing.
  func options(
    for model: RecognisedModel, target: Family, recipe: ConversionOptions?
  ) throws -> ConversionOptions {
    var extents = imageSize?.extents ?? recipe?.imageSize
    if extents == nil, target.geometry.depthAxis != nil, let own = try? model.imageSize() {
      extents = Array(own.prefix(2)) + [5]
    }
    var options = try recipe ?? ConversionOptions()
    options.imageSize = try ConversionOptions(imageSize: extents).imageSize
    options.patchSize = patchSize?.extents ?? options.patchSize
    options.window = window?.extents ?? options.window
    options.depthAxis = depthAxis ?? options.depthAxis
    options.inputChannels = inChannels ?? options.inputChannels
    options.outputChannels = outChannels ?? options.outputChannels
    options.featureSize = featureSize ?? options.featureSize
    try options.targetOptions.merge(targetOptions(of: target)) { _, given in given }
    takeStrategies(into: &options)
    options.allowedLosses.formUnion(allowLoss)
    options.isTransSegCompatible = compat == .transseg
    return options
  }

  private func takeStrategies(into options: inout ConversionOptions) {
    options.patchEmbedding = patchEmbed ?? options.patchEmbedding
    options.channels = channels ?? options.channels
    options.positionDepth = posEmbed ?? options.positionDepth
    options.positionResize = posEmbedResize ?? options.positionResize
    options.biasDepth = relPos ?? options.biasDepth
    options.biasResize = relPosResize ?? options.biasResize
    if let decoder {
      options.includesDecoder = decoder != "none"
      options.decoderID = options.includesDecoder ? decoder : nil
    }
    options.decoderInitialisation = decoderInit ?? options.decoderInitialisation
    options.seed = seed ?? options.seed
    options.storedDType = dtype ?? options.storedDType
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
