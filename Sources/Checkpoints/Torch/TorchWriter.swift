import Diagnostics
import Files
import Tensors

/// Writes a `.pth` file tensor by tensor: an `OrderedDict` of tensors, in the bytes that
/// `torch.save` writes for it, down to the alignment of the data.
///
/// Only the archive's identifier differs: PyTorch hashes the members' names with a function of the
/// C++ library, which is another one on another system.
package struct TorchWriter: CheckpointWriter, ~Copyable {
  /// The order in which the tensors' bytes have to come, which is that of the state dict.
  package var order: [StoredTensor] { progress.tensors }
  private var archive: TorchZIPWriter
  private var progress: WritingOrder

  /// What `torch.save` calls the folder when it knows no file name. One name for all files makes
  /// equal checkpoints equal files.
  private static let folder = "archive"

  /// Creates the file under a temporary name and writes what comes before the tensors.
  ///
  /// - Throws: `cannot-create`, `write-failed`, `duplicate-tensor`, `wrong-dtype` for an element
  ///   type that PyTorch does not have.
  package init(destination: String, entries: [StoredTensor], replacing: Bool) throws {
    var names: Set<TargetKey> = []
    for entry in entries {
      guard names.insert(entry.key).inserted else {
        throw Fault(
          .duplicateTensor, "two tensors of one name cannot be written",
          at: .init(tensor: entry.key.name))
      }
    }
    let pickle = try located(in: .init(file: destination)) {
      try TorchPickleWriter.pickle(of: entries)
    }
    var archive = TorchZIPWriter(
      try AtomicFile(destination: destination, replacing: replacing))
    try TorchWriter.write("data.pkl", pickle, to: &archive)
    try TorchWriter.write(".format_version", Array("1".utf8), to: &archive)
    let alignment = Array("\(TorchZIPWriter.alignment)".utf8)
    try TorchWriter.write(".storage_alignment", alignment, to: &archive)
    try TorchWriter.write("byteorder", Array("little".utf8), to: &archive)
    self.archive = archive
    progress = WritingOrder(entries)
  }

  /// Writes the bytes of the next tensor in ``order``.
  package mutating func write(_ bytes: RawSpan) throws {
    let number = progress.writtenCount
    _ = try progress.next(byteCount: bytes.byteCount, to: archive.destination)
    try archive.begin("\(TorchWriter.folder)/data/\(number)", size: bytes.byteCount)
    try archive.write(bytes)
    try archive.end()
  }

  /// Gives the finished file its name.
  package consuming func commit() throws {
    try progress.checkComplete(archive.destination)
    try TorchWriter.write("version", Array("3\n".utf8), to: &archive)
    let identifier = Array(TorchWriter.identifier(of: archive.digest).utf8)
    try TorchWriter.write(".data/serialization_id", identifier, to: &archive)
    try archive.commit()
  }

  private static func write(
    _ name: String, _ content: [UInt8], to archive: inout TorchZIPWriter
  ) throws {
    try archive.write("\(folder)/\(name)", content)
  }

  /// Forty digits that depend on every name and every byte, as PyTorch's do.
  private static func identifier(of digest: (names: [[UInt8]], checksums: [UInt32])) -> String {
    let names = fowlerNollVo(digest.names.joined(separator: [0]))
    let checksums = fowlerNollVo(
      digest.checksums.flatMap { checksum in
        (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
      })
    return [names, checksums].map {
      String(repeating: "0", count: 20 - String($0).utf8.count) + String($0)
    }.joined()
  }

  /// FNV-1a, 64 bits.
  private static func fowlerNollVo(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }
}
