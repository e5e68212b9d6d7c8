import Architectures
import ArgumentParser

/// What the user may have to say about a checkpoint because its tensors cannot.
struct RecognitionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Blocks whose outputs feed the decoder, counted from 0.", valueName: "0,1,…"),
    transform: { try ImageSize.numbers(in: $0, from: 0) })
  var layers: [Int]?

  @Option(help: ArgumentHelp("Attention heads, when no tensor's shape tells.", valueName: "n"))
  var heads: Int?

  func hints(familyID: String? = nil) -> RecognitionHints {
    var parameters: [String: Int] = [:]
    parameters["heads"] = heads
    return RecognitionHints(
      familyID: familyID, parameters: parameters, decoderLayers: layers)
  }

  func validate() throws {
    if let heads, heads < 1 { throw ValidationError("--heads \(heads) is not a positive number") }
  }
}
