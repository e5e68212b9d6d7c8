import Architectures
import Diagnostics
import Documents

extension ConversionOptions {
  /// The options of a recipe, which are called as on the command line.
  init(recipe reader: JSONReader) throws {
    try reader.allowOnlyStated([
      "image-size", "patch-size", "window", "depth-axis", "in-channels", "out-channels",
      "feature-size", "target-options", "patch-embed", "channels", "pos-embed", "pos-embed-resize",
      "rel-pos", "rel-pos-resize", "decoder", "decoder-init", "seed", "dtype", "layers", "heads",
      "allow-loss",
    ])
    try self.init(imageSize: reader.optionalMember("image-size")?.extents(upTo: 1 << 16))
    patchSize = try reader.optionalMember("patch-size")?.extents(upTo: 1 << 16)
    window = try reader.optionalMember("window")?.extents(upTo: 1 << 16)
    depthAxis = try reader.optionalMember("depth-axis")?.integer(in: 0...2) ?? depthAxis
    inputChannels =
      try reader.optionalMember("in-channels")?.integer(in: 1...1 << 16) ?? inputChannels
    outputChannels = try reader.optionalMember("out-channels")?.integer(in: 1...1 << 16)
    featureSize = try reader.optionalMember("feature-size")?.integer(in: 1...1 << 16)
    targetOptions =
      try reader.optionalMember("target-options")?.dictionary { try $0.word(1...40) } ?? [:]
    try takeStrategies(reader)
    if let name = try reader.optionalMember("decoder")?.familyID() {
      includesDecoder = name != "none"
      decoderID = includesDecoder ? name : nil
    }
    seed = UInt64(try reader.optionalMember("seed")?.integer() ?? 0)
    layers = try reader.optionalMember("layers")?.numbers(in: 0...1 << 16)
    allowedLosses = Set(
      try reader.optionalMember("allow-loss")?.elements().map { element in
        guard let rule = DropRule(id: try element.string()), rule.changesEncoder else {
          throw element.fault(
            "\"\(printable(try element.string()))\" is no rule that needs agreement")
        }
        return rule.id
      } ?? [])
  }

  private mutating func takeStrategies(_ reader: JSONReader) throws {
    patchEmbedding = try reader.read("patch-embed", DepthStrategy.init) ?? patchEmbedding
    channels = try reader.read("channels", ChannelStrategy.init)
    positionDepth = try reader.read("pos-embed", PositionDepthStrategy.init) ?? positionDepth
    biasDepth = try reader.read("rel-pos", BiasDepthStrategy.init) ?? biasDepth
    storedDType = try reader.read("dtype", StoredDType.init) ?? storedDType
    decoderInitialisation =
      try reader.read("decoder-init", ConversionOptions.initialisation) ?? decoderInitialisation
    if let method = try reader.optionalMember("pos-embed-resize") {
      positionResize = try method.choice()
    }
    if let method = try reader.optionalMember("rel-pos-resize") {
      biasResize = try method.choice()
    }
  }

  /// A recipe names no file: it would be another one on every machine.
  private static func initialisation(_ text: String) throws -> DecoderInitialisation {
    let found = try DecoderInitialisation(parsing: text)
    if case .file = found {
      throw Fault(
        .usage, "a recipe cannot name a decoder's file", remedy: "say --decoder-init from:FILE")
    }
    return found
  }
}

extension JSONReader {
  /// Three extents in the volume's axis order.
  fileprivate func extents(upTo limit: Int) throws -> [Int] {
    let extents = try numbers(in: 1...limit)
    guard extents.count == 3 else {
      throw fault("three extents are expected: height, width, depth")
    }
    return extents
  }

  /// At least one whole number.
  func numbers(in range: ClosedRange<Int>) throws -> [Int] {
    let numbers = try elements().map { try $0.integer(in: range) }
    guard !numbers.isEmpty else { throw fault("the list is empty") }
    return numbers
  }

  /// A member in the words of the command line; what is wrong with it is bad data here.
  fileprivate func read<Value>(
    _ name: String, _ parse: (String) throws -> Value
  ) throws -> Value? {
    guard let member = try optionalMember(name) else { return nil }
    do {
      return try parse(member.string())
    } catch let fault as Fault where fault.code == .usage {
      throw member.fault(fault.reason, remedy: fault.remedy)
    }
  }
}
