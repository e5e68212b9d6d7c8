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
  /// One for each of ``tensors``: where its bytes lie in the file.
  private let ranges: [Range<Int>]

  package var formatName: String { "safetensors" }

  /// - Throws: `missing-input`, `unreadable`, or what ``SafetensorsHeader`` objects to.
  package init(path: String, reading mode: SafetensorsHeader.Mode = .strict) throws {
    self.path = path
    let file = try MappedFile(path: path)
    let header = try located(in: .init(file: path)) {
      try file.withBytes {
        try SafetensorsHeader(reading: $0, mode, release: { file.release($0) })
      }
    }
    self.file = file
    tensors = header.entries.map(\.description)
    metadata = header.metadata
    ranges = header.entries.map(\.range)
  }

  package func description(of key: SourceKey) -> TensorDescription? {
    position(of: key).map { tensors[$0] }
  }

  /// Where a tensor stands in ``tensors``, found by halving: a table of all names takes longer to
  /// make than most runs would gain by it.
  private func position(of key: SourceKey) -> Int? {
    var (low, high) = (0, tensors.count)
    while low < high {
      let middle = low + (high - low) / 2
      if tensors[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low < tensors.count && tensors[low].key == key ? low : nil
  }

  package func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    guard let range = position(of: key).map({ ranges[$0] }) else {
      throw Fault(
        .missingTensor, "the checkpoint has no such tensor", at: .init(file: path, tensor: key.name)
      )
    }
    return try file.withAllBytes(in: range, body)
  }
}
