import Diagnostics
import Documents

/// What a `config.json` beside a checkpoint says of a model that its tensors may leave open: the
/// numbers of attention heads, and the extents of windows.
///
/// Reads Hugging Face's files, also those of a model that has the encoder as a part, and timm's.
package struct ModelConfiguration: Sendable, Equatable {
  /// By the symbols of families: `heads`, `heads[2]`, `windowHeight`.
  package let parameters: [String: Int]

  /// Where a file keeps what concerns the encoder, when it is not alone.
  private static let parts = ["vision_config", "backbone_config", "model_args"]

  /// - Throws: `invalid-document` when the document, or a value in question, is of another kind.
  package init(_ document: JSONReader) throws {
    var parameters: [String: Int] = [:]
    let parts = try ModelConfiguration.parts.compactMap { try document.optionalMember($0) }
    for reader in parts + [document] {
      for name in ["num_attention_heads", "num_heads"] {
        guard parameters["heads"] == nil, parameters["heads[0]"] == nil,
          let heads = try reader.optionalMember(name)
        else { continue }
        parameters.merge(try ModelConfiguration.heads(heads)) { first, _ in first }
      }
      if parameters["windowHeight"] == nil, let window = try reader.optionalMember("window_size") {
        parameters.merge(try ModelConfiguration.window(window)) { first, _ in first }
      }
    }
    self.parameters = parameters
  }

  /// One number for all blocks, or one for each stage.
  private static func heads(_ reader: JSONReader) throws -> [String: Int] {
    let range = 1...1 << 12
    guard case .array = reader.value else { return ["heads": try reader.integer(in: range)] }
    let counts = try reader.elements().map { try $0.integer(in: range) }
    return Dictionary(counts.enumerated().map { ("heads[\($0)]", $1) }) { first, _ in first }
  }

  /// One number for both axes, or one for each; 0 means that there are no windows.
  private static func window(_ reader: JSONReader) throws -> [String: Int] {
    let range = 0...1 << 16
    let extents: [Int]
    if case .array = reader.value {
      extents = try reader.elements().map { try $0.integer(in: range) }
    } else {
      extents = [try reader.integer(in: range)]
    }
    guard let height = extents.first, let width = extents.last, height > 0, width > 0,
      extents.count <= 2
    else { return [:] }
    return ["windowHeight": height, "windowWidth": width]
  }
}
