import Architectures
import ArgumentParser

/// What the user may have to say about a checkpoint because its tensors cannot.
struct RecognitionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Blocks, counted from 0, whose outputs feed the decoder, or that are kept.",
      valueName: "0,1,…"),
    transform: { try ImageSize.numbers(in: $0, from: 0) })
  var layers: [Int]?

  @Option(
    help: ArgumentHelp(
      "Attention heads, of every stage where they differ, when no tensor's shape tells.",
      valueName: "n|n,n,…"),
    transform: { try ImageSize.numbers(in: $0, from: 1) })
  var heads: [Int]?

  func hints(familyID: String? = nil) -> RecognitionHints {
    var parameters: [String: Int] = [:]
    if let heads, heads.count == 1 {
      parameters["heads"] = heads[0]
    } else {
      for (stage, count) in (heads ?? []).enumerated() { parameters["heads[\(stage)]"] = count }
    }
    return RecognitionHints(
      familyID: familyID, parameters: parameters, decoderLayers: layers)
  }
}
