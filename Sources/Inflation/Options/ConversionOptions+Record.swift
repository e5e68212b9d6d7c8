import Architectures
import Diagnostics

extension ConversionOptions {
  /// What the record in the output says of the options.
  func recorded(for target: Family) -> [String: String] {
    var options = [
      "patch-embed": patchEmbedding.name, "rel-pos-resize": biasResize.rawValue,
      "dtype": storedDType.name,
    ]
    options["channels"] = channels?.name
    if depthAxis != 2 { options["depth-axis"] = String(depthAxis) }
    if positionDepth != .tile { options["pos-embed"] = positionDepth.name }
    if positionResize != .bicubicAntialiased {
      options["pos-embed-resize"] = positionResize.rawValue
    }
    if biasDepth != .tile { options["rel-pos"] = biasDepth.name }
    if isTransSegCompatible { options["compat"] = "transseg" }
    if includesDecoder, decoderInitialisation.isSeeded { options["seed"] = String(seed) }
    // Those that feed a decoder stand in the record for themselves.
    if !target.needsDecoderLayers, let layers {
      options["layers"] = layers.map(String.init).joined(separator: ",")
    }
    return options
  }

  /// The options that may have made a checkpoint out of a 2D source: those of its record, or else
  /// the usual ones in every combination that its tensors do not rule out.
  ///
  /// - Throws: `invalid-record` when the record has a word that the converter never writes.
  package static func thatMayHaveMade(_ model: RecognisedModel) throws -> [ConversionOptions] {
    let base = try ConversionOptions(shapedLike: model)
    guard let record = model.record else {
      return [false, true].flatMap { isCompatible in
        [DepthStrategy.average, .center].map { strategy in
          var options = base
          options.patchEmbedding = strategy
          options.isTransSegCompatible = isCompatible
          return options
        }
      }
    }
    var options = base
    do {
      try options.take(record.options)
    } catch let fault as Fault where fault.code == .usage {
      throw Fault(
        .invalidRecord, "the record of the conversion: \(fault.reason)",
        remedy: "convert the checkpoint again")
    }
    return [options]
  }

  /// The geometry that a target's tensors tell, and agreement with every loss.
  private init(shapedLike model: RecognisedModel) throws {
    let parameters = model.parameters
    let extents = { (name: String) -> [Int]? in
      let found = ["Height", "Width", "Depth"].compactMap { parameters[name + $0] }
      return found.count == 3 ? found : nil
    }
    let patch = extents("patch")
    // A family that is made for one image size has a grid in its shapes or in its description.
    let grid = ["Height", "Width", "Depth"].map { axis in
      parameters["grid\(axis)"]
        ?? model.family.geometry.fixed.first { $0.symbol == "grid\(axis)" }?.value
    }
    let image = patch.map { zip($0, grid).map { $0 * ($1 ?? 1) } }
    try self.init(imageSize: grid.contains { $0 != nil } ? image : nil)
    patchSize = patch
    window = extents("window")
    inputChannels = parameters["channels"] ?? inputChannels
    outputChannels = parameters["classes"]
    featureSize = parameters["featureSize"] ?? parameters["embedding"]
    targetOptions = model.options
    includesDecoder = model.hasDecoder
    decoderID = model.component?.id
    if model.family.needsDecoderLayers, !model.decoderLayers.isEmpty {
      layers = model.decoderLayers
    }
    allowedLosses = Set(DropRule.all.map(\.id))
  }

  /// - Parameter recorded: as ``recorded(for:)`` writes them.
  private mutating func take(_ recorded: [String: String]) throws {
    patchEmbedding = try recorded["patch-embed"].map(DepthStrategy.init) ?? patchEmbedding
    channels = try recorded["channels"].map(ChannelStrategy.init)
    positionDepth = try recorded["pos-embed"].map(PositionDepthStrategy.init) ?? positionDepth
    positionResize = try recorded["pos-embed-resize"].map(choice) ?? positionResize
    biasDepth = try recorded["rel-pos"].map(BiasDepthStrategy.init) ?? biasDepth
    biasResize = try recorded["rel-pos-resize"].map(choice) ?? biasResize
    storedDType = try recorded["dtype"].map(StoredDType.init) ?? storedDType
    depthAxis = try recorded["depth-axis"].map { try number($0, in: 0...2) } ?? depthAxis
    isTransSegCompatible = recorded["compat"] == "transseg"
    if let blocks = recorded["layers"] {
      layers = try blocks.split(separator: ",").map { try number($0, in: 0...1 << 16) }
    }
  }
}

private func choice<Choice: RawRepresentable<String>>(_ word: String) throws -> Choice {
  guard let choice = Choice(rawValue: word) else {
    throw Fault(.usage, "\"\(printable(word))\" is no way to resize")
  }
  return choice
}

private func number(_ word: some StringProtocol, in range: ClosedRange<Int>) throws -> Int {
  guard let number = Int(word), range.contains(number) else {
    throw Fault(.usage, "\"\(printable(String(word)))\" is no number from \(range)")
  }
  return number
}

extension Fault.Code {
  package static let invalidRecord = Fault.Code("invalid-record", exit: .invalidData)
}
