import Diagnostics
import Documents
import Files
import Tensors

/// Writes a safetensors file tensor by tensor, with the bytes that the reference implementation
/// would write for the same tensors and metadata.
package struct SafetensorsWriter: CheckpointWriter, ~Copyable {
  /// The order in which the tensors' bytes have to come.
  package var order: [StoredTensor] { progress.tensors }
  private let file: AtomicFile
  private var progress: WritingOrder

  /// Creates the file under a temporary name and writes its header.
  ///
  /// - Throws: `cannot-create`, `write-failed`, `duplicate-tensor`.
  package init(
    destination: String, entries: [StoredTensor], metadata: [String: String], replacing: Bool
  ) throws {
    let sorted = try SafetensorsWriter.sorted(entries)
    let file = try AtomicFile(destination: destination, replacing: replacing)
    try file.write(SafetensorsWriter.header(of: sorted, metadata: metadata))
    progress = WritingOrder(sorted)
    self.file = file
  }

  /// Writes the bytes of the next tensor in ``order``.
  package mutating func write(_ bytes: RawSpan) throws {
    _ = try progress.next(byteCount: bytes.byteCount, to: file.destination)
    try file.write(bytes)
  }

  /// Gives the finished file its name.
  package consuming func commit() throws {
    try progress.checkComplete(file.destination)
    try file.commit()
  }

  /// The reference's order: widest element type first, which keeps every tensor aligned, then by
  /// name.
  static func sorted(_ entries: [StoredTensor]) throws -> [StoredTensor] {
    var names: Set<TargetKey> = []
    for entry in entries {
      guard names.insert(entry.key).inserted, entry.key.name != "__metadata__" else {
        throw Fault(
          .duplicateTensor, "two tensors of one name cannot be written",
          at: .init(tensor: entry.key.name))
      }
    }
    return entries.sorted {
      $0.dtype != $1.dtype ? $0.dtype > $1.dtype : $0.key < $1.key
    }
  }

  static func header(of entries: [StoredTensor], metadata: [String: String]) -> [UInt8] {
    var members: [JSONValue.Member] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }
      members.append(
        .init("__metadata__", .object(pairs.map { .init($0.key, .string($0.value)) })))
    }
    var offset = 0
    for entry in entries {
      let end = offset + entry.byteCount
      members.append(
        .init(
          entry.key.name,
          .object([
            "dtype": .string(entry.dtype.rawValue), "shape": .integers(entry.shape.extents),
            "data_offsets": .integers([offset, end]),
          ])))
      offset = end
    }
    var json = Array(JSONValue.object(members).text(.compact).utf8)
    while !json.count.isMultiple(of: 8) { json.append(UInt8(ascii: " ")) }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
  }
}

extension Fault.Code {
  package static let duplicateTensor = Fault.Code("duplicate-tensor", exit: .invalidData)
}
