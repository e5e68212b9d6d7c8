import Diagnostics
import Documents
import Files

/// What a mirror says of its own files, in the `mirror-index.json` beside them.
///
/// It is a claim like any other: an entry's size and digest decide. An index that contradicts an
/// entry saves the reading of a file that could only be refused.
package struct MirrorIndex: Sendable, Hashable {
  package let files: [File]

  package struct File: Sendable, Hashable {
    package let name: RelativePath
    package let size: Int
    package let digest: SHA256Digest

    package init(name: RelativePath, size: Int, digest: SHA256Digest) throws {
      guard (1...ModelFile.largestSize).contains(size) else {
        throw Fault(.invalidDocument, "\(name) cannot be \(size) bytes long")
      }
      self.name = name
      self.size = size
      self.digest = digest
    }
  }

  package static let fileName = "mirror-index.json"

  /// - Throws: `invalid-document` when two files cannot exist side by side.
  package init(files: [File]) throws {
    try RelativePath.checkCoexistence(of: files.map(\.name))
    self.files = files
  }

  /// - Throws: `invalid-document` or `over-limit`, with a pointer to what is wrong.
  package init(parsing text: [UInt8]) throws {
    try self.init(reading: JSONReader(JSONValue(parsing: text)))
  }

  /// - Throws: `invalid-document` when the value is not what `mirror-index.schema.json` describes.
  package init(reading index: JSONReader) throws {
    try index.checkFormat(version: 1)
    try index.allowOnlyStated(["$schema", "formatVersion", "files"])
    try self.init(
      files: index.member("files").elements().map { file in
        try file.allowOnlyStated(["name", "size", "sha256"])
        return try File(
          name: file.member("name").converted(RelativePath.init),
          size: file.member("size").integer(in: 1...ModelFile.largestSize),
          digest: file.member("sha256").converted(SHA256Digest.init(hexadecimal:)))
      })
  }

  package var document: JSONValue {
    .object([
      "formatVersion": 1,
      "files": .array(
        files.map { file in
          .object([
            "name": .string(file.name.description),
            "size": .integer(Int64(file.size)),
            "sha256": .string(file.digest.description),
          ])
        }),
    ])
  }
}
