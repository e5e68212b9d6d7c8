import Diagnostics
import Files
import Tensors

/// An open safetensors file. Opening it reads the header alone; the rest is mapped and comes into
/// memory tensor by tensor.
package final class SafetensorsCheckpoint: TensorSource {
  package let path: String
  package let tensors: [TensorDescription]
  package let metadata: [String: String]
  private let file: MappedFile
  private let entries: [SourceKey: SafetensorsHeader.Entry]

  package var formatName: String { "safetensors" }

  /// - Throws: `missing-input`, `unreadable`, or what ``SafetensorsHeader`` objects to.
  package init(path: String, reading mode: SafetensorsHeader.Mode = .strict) throws {
    self.path = path
    let file = try MappedFile(path: path)
    let header = try located(in: .init(file: path)) {
      try file.withBytes { try SafetensorsHeader(reading: $0, mode) }
    }
    self.file = file
    tensors = header.entries.map(\.description)
    metadata = header.metadata
    entries = Dictionary(
      uniqueKeysWithValues: header.entries.map { ($0.description.key, $0) })
  }

  package func description(of key: SourceKey) -> TensorDescription? { entries[key]?.description }

  package func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    guard let entry = entries[key] else {
      throw Fault(
        .missingTensor, "the checkpoint has no such tensor", at: .init(file: path, tensor: key.name)
      )
    }
    defer { file.release(entry.range) }
    return try file.withBytes(in: entry.range, body)
  }
}
