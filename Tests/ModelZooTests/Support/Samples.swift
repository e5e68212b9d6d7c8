import Diagnostics
import Documents
import Files
import Foundation
import ModelZoo

enum Samples {
  /// An entry's document with every member that there is.
  static let fullText = """
    {
      "$schema": "../../Schemas/model-entry.schema.json",
      "formatVersion": 1,
      "id": "sample-2d",
      "title": "A sample",
      "family": "beit",
      "hyperparameters": {"hidden": 96, "depth": [2, 2, 6, 2]},
      "files": [
        {
          "name": "sample.safetensors", "format": "safetensors", "size": 5,
          "sha256": "\(digest(of: Array("right".utf8)))", "digestKnownBy": "published",
          "note": "the preferred one"
        },
        {"name": "old/sample-0123abcd.pth", "format": "torch", "digestKnownBy": "name-prefix"},
        {"name": "sample.npz", "format": "numpy", "size": 7}
      ],
      "licence": {"spdx": "MIT", "url": "https://example.org/licence"},
      "trainingData": "scans",
      "objective": "segmentation",
      "paper": {"title": "On samples", "url": "https://example.org/paper"},
      "sources": ["https://example.org/sample"],
      "recipes": ["sample-to-3d"],
      "note": "made up"
    }
    """

  static func full() throws -> JSONValue { try JSONValue(parsing: fullText) }

  static func digest(of bytes: [UInt8]) -> SHA256Digest { .of(bytes.span.bytes) }

  static func name(_ text: String) throws -> ZooName { try ZooName(text) }

  static func file(
    _ name: String = "weights.bin", holding bytes: [UInt8]
  ) throws -> ModelFile {
    try ModelFile(
      name: RelativePath(name), format: .safetensors, size: bytes.count,
      sha256: digest(of: bytes), digestKnownBy: .published)
  }

  static func entry(_ id: String = "sample", files: [ModelFile]) throws -> ModelEntry {
    try ModelEntry(
      id: ZooName(id), title: ProseText("A sample"), family: ZooName("beit"), hyperparameters: [:],
      files: files, licence: .spdx(SPDXIdentifier("MIT"), address: nil),
      trainingData: ProseText("scans"), objective: ProseText("segmentation"))
  }

  static func entry(holding bytes: [UInt8]) throws -> ModelEntry {
    try entry(files: [file(holding: bytes)])
  }

  /// Bytes that are not the same over and over, more than one piece of them.
  static let large: [UInt8] = {
    var state: UInt32 = 1
    return (0..<2_500_000).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: state >> 24)
    }
  }()
}
