import Diagnostics
import Documents
import Files
import Tensors

/// Writes a safetensors file tensor by tensor, with the bytes that the reference implementation
/// would write for the same tensors and metadata.
package struct SafetensorsWriter: CheckpointWriter, ~Copyable {
  package typealias Entry = StoredTensor

  /// The order in which the tensors' bytes have to come.
  package let order: [Entry]
  private let file: AtomicFile
  private var written = 0

  /// Creates the file under a temporary name and writes its header.
  ///
  /// - Throws: `cannot-create`, `write-failed`, `duplicate-tensor`.
  package init(
    destination: String, entries: [Entry], metadata: [String: String], replacing: Bool
  ) throws {
    let sorted = try SafetensorsWriter.sorted(entries)
    let file = try AtomicFile(destination: destination, replacing: replacing)
    try file.write(SafetensorsWriter.header(of: sorted, metadata: metadata))
    order = sorted
    self.file = file
  }

  package mutating func write(_ bytes: [UInt8]) throws { try write(bytes.span.bytes) }

  /// Writes the bytes of the next tensor in ``order``.
  package mutating func write(_ bytes: RawSpan) throws {
    let entry = order[written]
    guard bytes.byteCount == entry.byteCount else {
      throw Fault(
        .writeFailed, "\(bytes.byteCount) bytes for a tensor of \(entry.byteCount)",
        at: .init(file: file.destination, tensor: entry.key.name))
    }
    try file.write(bytes)
    written += 1
  }

  /// Gives the finished file its name.
  package consuming func commit() throws {
    guard written == order.count else {
      throw Fault(
        .writeFailed, "\(order.count - written) tensors were not written",
        at: .init(file: file.destination))
    }
    try file.commit()
  }

  /// The reference's order: widest element type first, which keeps every tensor aligned, then by
  /// name.
  static func sorted(_ entries: [Entry]) throws -> [Entry] {
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

  static func header(of entries: [Entry], metadata: [String: String]) -> [UInt8] {
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
