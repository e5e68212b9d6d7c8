import Diagnostics
import Documents
import Files
import Foundation

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
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return [(path, try document(at: path))] }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw Fault(.unreadable, "this folder cannot be read", at: .init(file: path))
    }
    return try names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted().map { name in
      let file = (path as NSString).appendingPathComponent(name)
      return (file, try document(at: file))
    }
  }

  /// The `config.json` that Hugging Face's and timm's packages put beside a checkpoint, if there is
  /// one.
  static func configuration(beside source: String) -> String? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: source, isDirectory: &isFolder) else { return nil }
    let name = (source as NSString).lastPathComponent
    let isPackaged = name.hasPrefix("model.safetensors") || name.hasPrefix("pytorch_model.bin")
    guard isFolder.boolValue || isPackaged else { return nil }
    let folder = isFolder.boolValue ? source : (source as NSString).deletingLastPathComponent
    let path = (folder as NSString).appendingPathComponent("config.json")
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }
}
