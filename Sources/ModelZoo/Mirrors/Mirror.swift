/// Somewhere that copies of the catalogue's files may lie: a folder today, a server one day.
///
/// A mirror is not trusted: it hands over bytes, and whoever asked compares them with the entry.
package protocol Mirror: Sendable {
  /// What messages call it: the folder's path, the server's address.
  var name: String { get }

  /// Opens the mirror's copy of a file; nil when it has none.
  ///
  /// - Throws: `mirror-unavailable` when the mirror as a whole cannot be reached, other faults when
  ///   what it offers must not be read.
  func open(_ file: ModelFile, of model: ZooName) throws -> (any MirroredFile)?

  /// Where `open` looks, in this order, for a message that says what was not found.
  func places(of file: ModelFile, of model: ZooName) -> [String]
}

/// An open copy in a mirror.
package protocol MirroredFile {
  /// Its path or address.
  var place: String { get }
  /// The length that the mirror claims.
  var byteCount: Int { get }

  /// Hands over the bytes from first to last, piece by piece and never more than `byteCount`.
  ///
  /// - Throws: `changed-while-reading` when there are fewer, `unreadable`, and what `body` throws.
  func read(_ body: (RawSpan) throws -> Void) throws
}
