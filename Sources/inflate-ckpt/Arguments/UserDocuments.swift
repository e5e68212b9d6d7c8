import Diagnostics
import Documents
import Files
import FoundationEssentials

/// Documents of the user's own: descriptions of families, recipes, configurations.
enum UserDocuments {
  /// - Throws: `missing-input`, `unreadable`, or what is wrong with the text.
  static func document(at path: String) throws -> JSONValue {
    try located(in: .init(file: path)) {
      try MappedFile(path: path).withBytes { try JSONValue(parsing: $0) }
    }
  }

  /// The documents at a path: the file itself, or every `*.json` of the folder, sorted by name.
  ///
  /// - Throws: `missing-input`, `unreadable`, or what is wrong with a text.
  static func all(at path: String) throws -> [(origin: String, document: JSONValue)] {
    guard isFolder(at: path) else { return [(path, try document(at: path))] }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw Fault(.unreadable, "this folder cannot be read", at: .init(file: path))
    }
    return try names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted().map { name in
      let file = path.appendingPathComponent(name)
      return (file, try document(at: file))
    }
  }

  /// The `config.json` that Hugging Face's and timm's packages put beside a checkpoint, if there is
  /// one.
  static func configuration(beside source: String) -> String? {
    guard FileManager.default.fileExists(atPath: source) else { return nil }
    let isFolder = isFolder(at: source)
    let name = source.lastPathComponent
    let isPackaged = name.hasPrefix("model.safetensors") || name.hasPrefix("pytorch_model.bin")
    guard isFolder || isPackaged else { return nil }
    let folder = isFolder ? source : source.deletingLastPathComponent
    let path = folder.appendingPathComponent("config.json")
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }
}
