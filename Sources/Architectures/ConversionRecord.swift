import Diagnostics
import Documents

/// What the converter writes into a checkpoint about it, under the one metadata key
/// `inflate-ckpt`, so that nobody has to repeat the geometry on a command line.
package struct ConversionRecord: Sendable, Equatable {
  package static let metadataKey = "inflate-ckpt"

  package let targetID: String
  package let parameters: [String: Int]
  /// What the target was built with or without, by its family's options.
  package let targetOptions: [String: String]
  package let decoderLayers: [Int]
  /// The strategies and options of the conversion, as given on the command line.
  package let options: [String: String]
  /// The SHA-256 of the source file, 64 hexadecimal digits.
  package let sourceDigest: String

  package init(
    targetID: String, parameters: [String: Int], targetOptions: [String: String] = [:],
    decoderLayers: [Int], options: [String: String], sourceDigest: String
  ) {
    self.targetID = targetID
    self.parameters = parameters
    self.targetOptions = targetOptions
    self.decoderLayers = decoderLayers
    self.options = options
    self.sourceDigest = sourceDigest
  }

  /// The record among a checkpoint's metadata, or nil when another program wrote it.
  ///
  /// - Throws: `invalid-document` when there is a record that makes no sense.
  package init?(metadata: [String: String]) throws {
    guard let text = metadata[ConversionRecord.metadataKey] else { return nil }
    let document = try JSONReader(
      JSONValue(parsing: text), pointer: "/__metadata__/\(ConversionRecord.metadataKey)")
    try document.allowOnly([
      "formatVersion", "target", "parameters", "targetOptions", "decoderLayers", "options",
      "sourceSHA256",
    ])
    _ = try document.member("formatVersion").integer(in: 1...1)
    targetID = try document.member("target").string()
    // An extent beyond this is no model's, and keeps products of a few of them within 63 bits.
    parameters = try document.member("parameters").dictionary { try $0.integer(in: 1...1 << 20) }
    targetOptions =
      try document.optionalMember("targetOptions")?.dictionary { try $0.string() } ?? [:]
    decoderLayers = try document.member("decoderLayers").elements().map {
      try $0.integer(in: 0...1 << 20)
    }
    options = try document.member("options").dictionary { try $0.string() }
    sourceDigest = try document.member("sourceSHA256").string()
  }

  package var metadata: [String: String] {
    let document = JSONValue.object([
      "formatVersion": 1,
      "target": .string(targetID),
      "parameters": .object(
        parameters.sorted { $0.key < $1.key }.map { .init($0.key, .integer(Int64($0.value))) }),
      "targetOptions": targetOptions.isEmpty
        ? nil : .object(ConversionRecord.members(targetOptions)),
      "decoderLayers": .integers(decoderLayers),
      "options": .object(ConversionRecord.members(options)),
      "sourceSHA256": .string(sourceDigest),
    ])
    return [ConversionRecord.metadataKey: document.text(.compact)]
  }

  private static func members(_ texts: [String: String]) -> [JSONValue.Member] {
    texts.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }
  }
}
