import Diagnostics
import Documents
import Files

extension ModelEntry {
  /// Larger texts are no entries.
  static let largestText = 1 << 20

  /// Reads an entry from the text of a `Zoo/Models/*.json`.
  ///
  /// - Throws: `invalid-document` or `over-limit`, with a pointer to what is wrong.
  package init(parsing text: [UInt8]) throws {
    try self.init(
      reading: JSONReader(
        JSONValue(parsing: text, limits: .init(bytes: ModelEntry.largestText, depth: 8))))
  }

  /// - Throws: `invalid-document` when the value is not what `model-entry.schema.json` describes.
  package init(reading entry: JSONReader) throws {
    try entry.checkFormat(version: 1)
    try entry.allowOnlyStated([
      "$schema", "formatVersion", "id", "title", "family", "hyperparameters", "files", "licence",
      "trainingData", "objective", "paper", "sources", "recipes", "note",
    ])
    try self.init(
      id: entry.member("id").converted(ZooName.init),
      title: entry.member("title").converted(ProseText.init),
      family: entry.member("family").converted(ZooName.init),
      hyperparameters: ModelEntry.hyperparameters(entry.member("hyperparameters")),
      files: entry.member("files").elements().map(ModelFile.init(reading:)),
      licence: Licence(reading: entry.member("licence")),
      trainingData: entry.member("trainingData").converted(ProseText.init),
      objective: entry.member("objective").converted(ProseText.init),
      paper: entry.optionalMember("paper").map(Paper.init(reading:)),
      sources: entry.list("sources", of: WebAddress.init),
      recipes: entry.list("recipes", of: ZooName.init),
      note: entry.optionalMember("note")?.converted(ProseText.init))
  }

  /// The entry as a document; reading it gives an equal entry.
  package var document: JSONValue {
    let hyperparameters = hyperparameters.sorted { $0.key < $1.key }.map { name, value in
      switch value {
      case .single(let value): JSONValue.Member(name, .integer(Int64(value)))
      case .list(let values): JSONValue.Member(name, .integers(values))
      }
    }
    return .object([
      "formatVersion": 1,
      "id": .string(id.description),
      "title": .string(title.description),
      "family": .string(family.description),
      "hyperparameters": .object(hyperparameters),
      "files": .array(files.map(\.document)),
      "licence": licence.document,
      "trainingData": .string(trainingData.description),
      "objective": .string(objective.description),
      "paper": paper?.document,
      "sources": sources.isEmpty ? nil : .strings(sources.map(\.description)),
      "recipes": recipes.isEmpty ? nil : .strings(recipes.map(\.description)),
      "note": note.map { .string($0.description) },
    ])
  }

  private static func hyperparameters(
    _ reader: JSONReader
  ) throws -> [String: Hyperparameter] {
    let range = 0...largestHyperparameter
    var values: [String: Hyperparameter] = [:]
    for (name, reader) in try reader.members() {
      if case .array = reader.value {
        values[name] = .list(try reader.elements().map { try $0.integer(in: range) })
      } else {
        values[name] = .single(try reader.integer(in: range))
      }
    }
    return values
  }
}

extension ModelFile {
  fileprivate init(reading file: JSONReader) throws {
    try file.allowOnlyStated(["name", "format", "size", "sha256", "digestKnownBy", "note"])
    let name = try file.member("name").converted(RelativePath.init)
    let format = try file.member("format").choice(of: Format.self)
    let size = try file.optionalMember("size")?.integer(in: 1...ModelFile.largestSize)
    let sha256 = try file.optionalMember("sha256")?.converted(SHA256Digest.init(hexadecimal:))
    let provenance = try file.optionalMember("digestKnownBy")?.choice(of: Provenance.self)
    let note = try file.optionalMember("note")?.converted(ProseText.init)
    self = try located(in: .init(pointer: file.pointer)) {
      try ModelFile(
        name: name, format: format, size: size, sha256: sha256, digestKnownBy: provenance,
        note: note)
    }
  }

  fileprivate var document: JSONValue {
    var sha256: SHA256Digest?
    var provenance: Provenance?
    switch digest {
    case .known(let digest, by: let source): (sha256, provenance) = (digest, source)
    case .prefix: provenance = .namePrefix
    case .unknown: break
    }
    return .object([
      "name": .string(name.description),
      "format": .string(format.rawValue),
      "size": size.map { .integer(Int64($0)) },
      "sha256": sha256.map { .string($0.description) },
      "digestKnownBy": provenance.map { .string($0.rawValue) },
      "note": note.map { .string($0.description) },
    ])
  }
}

extension Licence {
  fileprivate init(reading licence: JSONReader) throws {
    let address = try licence.optionalMember("url")
    if let identifier = try licence.optionalMember("spdx") {
      try licence.allowOnlyStated(["spdx", "url"])
      self = .spdx(
        try identifier.converted(SPDXIdentifier.init),
        address: try address?.converted(WebAddress.init)
      )
    } else {
      try licence.allowOnlyStated(["text", "url"])
      self = .text(
        try licence.member("text").converted(ProseText.init),
        address: try licence.member("url").converted(WebAddress.init))
    }
  }

  fileprivate var document: JSONValue {
    switch self {
    case .spdx(let identifier, let address):
      .object([
        "spdx": .string(identifier.description), "url": address.map { .string($0.description) },
      ])
    case .text(let words, let address):
      .object(["text": .string(words.description), "url": .string(address.description)])
    }
  }
}

extension ModelEntry.Paper {
  fileprivate init(reading paper: JSONReader) throws {
    try paper.allowOnlyStated(["title", "url"])
    self.init(
      title: try paper.member("title").converted(ProseText.init),
      address: try paper.optionalMember("url")?.converted(WebAddress.init))
  }

  fileprivate var document: JSONValue {
    .object([
      "title": .string(title.description), "url": address.map { .string($0.description) },
    ])
  }
}
