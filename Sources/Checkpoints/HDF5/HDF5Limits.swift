/// Bounds on what a file may ask of its reader, all far beyond any checkpoint's needs.
package struct HDF5Limits: Sendable, Hashable {
  /// One tensor, decoded.
  package var tensorByteCount = 64 << 30
  /// One chunk, decoded; HDF5's own bound is 4 GiB.
  package var chunkByteCount = 1 << 30
  /// How much of one tensor may stand for chunks or data that were never written, which take no
  /// room in the file.
  package var unwrittenByteCount = 16 << 20
  /// Links in all groups together.
  package var linkCount = 1_000_000
  package var groupDepth = 32
  /// One link's name, in UTF-8.
  package var nameByteCount = 1024

  package init() {}

  /// Deflate never does better than 1032 to one.
  static let deflateRatio = 1032
}
