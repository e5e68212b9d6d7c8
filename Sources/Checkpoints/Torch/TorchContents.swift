import Diagnostics
import Files

/// What either format of `torch.save` comes down to: an object, and bytes for its storages.
struct TorchContents {
  /// Where a storage's bytes lie.
  struct Location: Sendable {
    let range: Range<Int>
    /// The ZIP member that it is, whose checksum can be compared.
    let member: ZIPArchive.Entry?
  }

  let file: MappedFile
  let graph: PickleGraph
  let isBigEndian: Bool
  let formatName: String
  /// Nil when the file records no checksums.
  let checksums: ZIPArchive?
  let locate: (TorchStorage) throws -> Location
}
