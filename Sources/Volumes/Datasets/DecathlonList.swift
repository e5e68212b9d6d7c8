import Diagnostics
import Documents
import Files

/// A `dataset.json` as the Medical Segmentation Decathlon has it, and as MONAI and the paper's scripts
/// write it.
package struct DecathlonList: Sendable {
  package let name: String?
  /// By channel number.
  package let modalities: [String]
  /// By class number, the background first.
  package let classes: [String]
  package let cases: [DatasetCase]

  /// The lists there may be: `training` must, each with pairs; `test` holds images alone, or pairs.
  private static let splits = ["training", "validation", "local_test", "test"]

  /// - Throws: the faults of files; `invalid-document` with a JSON pointer for whatever is not as it
  ///   should be, also for paths that lead out of the document's folder.
  package init(contentsOf path: String) throws {
    let place = Fault.Place(file: path)
    self = try located(in: place) {
      let file = try MappedFile(path: path)
      let value = try file.withBytes { try JSONValue(parsing: $0) }
      let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      return try DecathlonList(
        JSONReader(value), folder: folder.isEmpty ? "." : folder.joined(separator: "/"))
    }
  }

  private init(_ document: JSONReader, folder: String) throws {
    name = try document.optionalMember("name")?.string()
    modalities = try document.optionalMember("modality").map(DecathlonList.numberedNames) ?? []
    classes = try document.optionalMember("labels").map(DecathlonList.numberedNames) ?? []
    _ = try document.member("training")
    var cases: [DatasetCase] = []
    for split in DecathlonList.splits {
      for entry in try document.optionalMember(split)?.elements() ?? [] {
        cases.append(try DecathlonList.readCase(entry, split: split, folder: folder))
      }
    }
    self.cases = cases
  }

  private static func readCase(
    _ entry: JSONReader, split: String, folder: String
  ) throws -> DatasetCase {
    let (image, label): (JSONReader, JSONReader?)
    if case .string = entry.value {
      (image, label) = (entry, nil)
    } else {
      (image, label) = (try entry.member("image"), try entry.optionalMember("label"))
    }
    let imagePath = try relativePath(image)
    return DatasetCase(
      name: stem(imagePath), split: split == "local_test" ? "test" : split,
      image: "\(folder)/\(imagePath)", label: try label.map { "\(folder)/\(try relativePath($0))" })
  }

  /// A path as the lists have them, without the `./` in front.
  private static func relativePath(_ reader: JSONReader) throws -> String {
    let path = try reader.string()
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard !path.hasPrefix("/"), !parts.isEmpty, !parts.contains(".."), !path.utf8.contains(0) else {
      throw reader.fault(
        "\"\(printable(path))\" is no path inside the dataset's folder",
        remedy: "give paths relative to the folder of dataset.json")
    }
    return parts.joined(separator: "/")
  }

  /// `{"0": "background", "1": "liver"}`, or a plain list.
  private static func numberedNames(_ reader: JSONReader) throws -> [String] {
    if case .array = reader.value { return try reader.elements().map { try $0.string() } }
    let members = try reader.members()
    var names = [String?](repeating: nil, count: members.count)
    for (key, value) in members {
      guard let number = Int(key), names.indices.contains(number), names[number] == nil else {
        throw value.fault("\"\(printable(key))\" does not continue the numbers from 0")
      }
      names[number] = try value.string()
    }
    return names.compactMap { $0 }
  }
}
