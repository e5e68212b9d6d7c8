import Architectures
import ArgumentParser
import Diagnostics
import Documents

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

  @Option(
    help: ArgumentHelp(
      "The model's config.json. The one beside the checkpoint by default.", valueName: "file"))
  var config: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A family of your own: a description, or a folder of them; may be repeated.",
      valueName: "path"))
  var family: [String] = []

  /// The families that are known: the built-in ones and the user's.
  func catalogue() throws -> FamilyCatalogue {
    try FamilyCatalogue.builtIn().adding(family.flatMap(UserDocuments.all))
  }

  /// - Parameter source: the checkpoint that the hints are about.
  func hints(for source: String, familyID: String? = nil) throws -> RecognitionHints {
    var parameters: [String: Int] = [:]
    if let heads, heads.count == 1 {
      parameters["heads"] = heads[0]
    } else {
      for (stage, count) in (heads ?? []).enumerated() { parameters["heads[\(stage)]"] = count }
    }
    return RecognitionHints(
      familyID: familyID, parameters: parameters, decoderLayers: layers,
      configuration: try configuration(for: source))
  }

  private func configuration(for source: String) throws -> ModelConfiguration? {
    guard let path = config ?? UserDocuments.configuration(beside: source) else { return nil }
    return try located(in: .init(file: path)) {
      try ModelConfiguration(JSONReader(UserDocuments.document(at: path)))
    }
  }
}
